/** `errand skill init`, `test` and `run` as a skill's author uses them: real commands, and no node. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import createWabt from "wabt";
import { source, wasmModule } from "../../../bin/templates/wasm.ts";
import { hasPython } from "../../support/python.ts";
import { runCli } from "../../support/run-cli.ts";

// Each command is a process that loads the executors: seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "errand-init-"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const errand = (...args: string[]) => runCli(args, { cwd });

describe.each([
  ["ts", "ts-count/ts-count.ts"],
  ["js", "js-count/js-count.mjs"],
  ...(hasPython ? [["python", "python-count/python-count.py"]] : []),
  ["command", "command-count/command-count.yaml"],
  ["wasm", "wasm-count/wasm-count.yaml"],
])("a new skill in %s", (lang, file) => {
  test("works, and passes its tests", async () => {
    const made = await errand("skill", "init", `acme.${lang}-count`, "--lang", lang, "-o", "json");
    expect(made.code, made.stderr).toBe(0);
    expect(JSON.parse(made.stdout)).toMatchObject({ skill: `acme.${lang}-count`, file });
    const tested = await errand("skill", "test", file, "-o", "json");
    expect(JSON.parse(tested.stdout), tested.stderr).toMatchObject({
      skills: [{ id: `acme.${lang}-count`, version: "1.0.0" }],
      passed: 4,
      failed: 0,
    });
    expect(tested.code).toBe(0);
  });
});

const skill = `
export default [
  { definition: { id: "my.double", version: "1.0.0", description: "d", input: { type: "number" }, output: { type: "number" }, examples: [2] },
    run: (x, context) => { context.log("doubling"); return 2 * x; } },
  { definition: { id: "my.fail", version: "1.0.0", description: "d", input: true, output: true },
    run: () => { throw new Error("it broke"); } },
];`;

describe("a skill of one's own", () => {
  beforeAll(async () => {
    await writeFile(join(cwd, "own.mjs"), skill);
  });

  test("is run here, with its log and its errors", async () => {
    const run = await errand("skill", "run", "own.mjs", "my.double", "21");
    expect(run).toMatchObject({ code: 0, stdout: "42\n" });
    expect(run.stderr).toContain("doubling");
    const failed = await errand("skill", "run", "own.mjs", "my.fail", "-o", "json");
    expect(failed.code).toBe(10);
    expect(JSON.parse(failed.stdout)).toMatchObject({ error: { code: "SkillFailed", message: "it broke" } });
    const unknown = await errand("skill", "run", "own.mjs", "my.triple", "1");
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("my.double, my.fail") });
  });

  test("that does not do what its tests say fails them, each with the reason", async () => {
    const tests = `
- { skill: my.double, name: right, input: 2, output: 4 }
- { skill: my.double, name: wrong, input: 2, output: 5 }
- { skill: my.fail, name: fails, error: SkillFailed }
- { skill: my.fail, name: works, error: InvalidInput }
`;
    await writeFile(join(cwd, "own.test.yaml"), tests);
    const tested = await errand("skill", "test", "own.mjs", "-o", "json");
    expect(tested.code).toBe(10);
    const { cases, passed, failed } = JSON.parse(tested.stdout) as {
      cases: { name: string; ok: boolean; problem: string }[];
      passed: number;
      failed: number;
    };
    expect({ passed, failed }).toEqual({ passed: 3, failed: 2 });
    expect(cases.filter(({ ok }) => !ok).map(({ name, problem }) => `${name}: ${problem}`)).toEqual([
      "wrong: the output is 4, not 5",
      "works: SkillFailed: it broke",
    ]);
  });

  test("whose file or tests are wrong is refused with the place", async () => {
    await mkdir(join(cwd, "wrong"));
    await writeFile(join(cwd, "wrong", "a.mjs"), "export default {};");
    const bad = await errand("skill", "test", "wrong/a.mjs");
    expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining("wrong/a.mjs") });
    await writeFile(join(cwd, "wrong", "b.mjs"), skill);
    await writeFile(join(cwd, "wrong", "b.test.yaml"), "- { input: 1 }");
    const unnamed = await errand("skill", "test", "wrong/b.mjs");
    expect(unnamed).toMatchObject({ code: 2, stderr: expect.stringContaining("must name its skill") });
  });

  test("is not written over another", async () => {
    await mkdir(join(cwd, "taken"));
    const again = await errand("skill", "init", "taken");
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("there already") });
    const odd = await errand("skill", "init", "../odd");
    expect(odd).toMatchObject({ code: 2, stderr: expect.stringContaining("cannot be a skill's name") });
  });
});

const mcpServer = fileURLToPath(new URL("../worker/mcp-server-child.ts", import.meta.url));

describe("the declaration of an MCP server", () => {
  test("starts it, lists its tools and runs the cases; nothing of it is left", async () => {
    const declared = {
      mcp: { name: "child", command: [process.execPath, mcpServer], tools: ["fail", "getPID"] },
    };
    await writeFile(join(cwd, "server.yaml"), JSON.stringify(declared));
    const tests = `
- { skill: mcp.child.fail, name: fails, error: SkillFailed }
- { skill: mcp.child.fail, name: checks, input: { m: 1 }, error: InvalidInput }
- { skill: mcp.child.get-pid, name: wrong, output: { pid: 0 } }
`;
    await writeFile(join(cwd, "server.test.yaml"), tests);
    const tested = await errand("skill", "test", "server.yaml", "-o", "json");
    expect(tested.code, tested.stderr).toBe(10);
    expect(JSON.parse(tested.stdout)).toMatchObject({
      skills: [
        { id: "mcp.child.fail", version: "3.2.1" },
        { id: "mcp.child.get-pid", version: "3.2.1" },
      ],
      passed: 2,
      failed: 1,
    });
    const run = await errand("skill", "run", "server.yaml", "mcp.child.get-pid");
    const { structured } = JSON.parse(run.stdout) as { structured: { pid: number } };
    expect(() => process.kill(structured.pid, 0)).toThrow("ESRCH");
  });

  test("whose server does not start says why", async () => {
    const argv = [process.execPath, "-e", "console.error('no key'); process.exit(3)"];
    await writeFile(join(cwd, "broken.yaml"), JSON.stringify({ mcp: { name: "broken", command: argv } }));
    const broken = await errand("skill", "test", "broken.yaml");
    expect(broken).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/broken does not start: .*no key/),
    });
  });
});

test("the declaration of a container needs an engine, and says where it looked", async () => {
  const data = join(cwd, "data");
  await mkdir(data);
  await writeFile(
    join(data, "errand.yaml"),
    JSON.stringify({ containers: { socket: join(cwd, "none.sock") } }),
  );
  const declared = { id: "my.box", version: "1.0.0", description: "d", input: true, output: true };
  await writeFile(join(cwd, "box.yaml"), JSON.stringify({ ...declared, container: { image: "busybox" } }));
  const refused = await errand("skill", "test", "box.yaml", "--data", data);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("none.sock: not there");
  expect(refused.stderr).toContain("UnsupportedSkill");
  expect(refused.stderr).toContain("hint: Install Docker or Podman");
});

test("the module that is written was built from the text beside it", async () => {
  const wabt = await createWabt();
  const { buffer } = wabt.parseWat("count.wat", source).toBinary({});
  expect(Buffer.from(wasmModule).equals(Buffer.from(buffer))).toBe(true);
  if (hasPython)
    expect(await readFile(join(cwd, "python-count", "python-count.py"), "utf8")).toContain("@skill");
});
