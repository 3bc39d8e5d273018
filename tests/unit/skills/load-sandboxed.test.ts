/** Skills that declare a sandbox, or whose code is for one. */
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { codeSkills, commandSkill } from "../../../src/skills/code-skills.ts";
import { loadSkills } from "../../../src/skills/load.ts";
import { compileSchema, problemWith } from "../../../src/skills/schema.ts";

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "errand-load-")));
  await writeFile(join(folder, "x.py"), "result = input");
  await writeFile(join(folder, "x.js"), "return input");
  await writeFile(join(folder, "x.wasm"), "");
});
afterEach(() => rm(folder, { recursive: true }));

const yaml = "id: my.code\nversion: 1.0.0\ndescription: d\ninput: true\noutput: true\n";

async function sourceOf(text: string): Promise<unknown> {
  await writeFile(join(folder, "a.yaml"), yaml + text);
  const [skill] = await loadSkills(["a.yaml"], { cwd: folder });
  return skill?.source;
}

describe("in YAML", () => {
  test("a script, whose ending tells the language", async () => {
    expect(await sourceOf("script: ./x.py")).toEqual({
      kind: "script",
      language: "python",
      path: join(folder, "x.py"),
    });
    expect(await sourceOf("script: x.js")).toMatchObject({ kind: "script", language: "javascript" });
  });

  test("a module, with arguments", async () => {
    const path = join(folder, "x.wasm");
    expect(await sourceOf("wasm: ./x.wasm\nargv: [-v]")).toEqual({ kind: "wasm", path, argv: ["-v"] });
  });

  test("a command with a sandbox", async () => {
    const sandbox =
      "sandbox: { tier: T1, network: true, mounts: [{ path: /data, write: true }], memoryMb: 512 }";
    expect(await sourceOf(`command: [cat]\n${sandbox}`)).toEqual({
      kind: "command",
      argv: ["cat"],
      sandbox: { tier: "T1", network: true, mounts: [{ path: "/data", write: true }], memoryMb: 512 },
    });
  });

  test.each([
    ["a script in another language", "script: ./x.rb", /script/],
    ["a script that is not there", "script: ./y.py", /no file \.\/y\.py/],
    ["a module that is not there", "wasm: ./y.wasm", /no file/],
    ["a tier that commands cannot have", "command: [cat]\nsandbox: { tier: T0 }", /sandbox\.tier/],
    [
      "a mount that is not absolute",
      "command: [cat]\nsandbox: { tier: T1, mounts: [{ path: data }] }",
      /mounts/,
    ],
    ["a limit of nothing", "command: [cat]\nsandbox: { tier: T1, memoryMb: 0 }", /memoryMb/],
  ])("refuses %s", async (_, text, message) => {
    await expect(sourceOf(text)).rejects.toMatchObject({
      code: "InvalidConfig",
      message: expect.stringMatching(message),
    });
  });
});

describe.each([...codeSkills, commandSkill])("$definition.id", ({ definition }) => {
  test("its schemas compile, its examples meet them", () => {
    for (const side of ["input", "output"] as const)
      expect(compileSchema(definition[side], side)).not.toBe(false);
    for (const example of definition.examples ?? [])
      expect(problemWith(definition.input, example, "input")).toBeUndefined();
  });

  test("takes limits up to the ceilings, and nothing that it does not know", () => {
    const [example = { module: "AGFzbQ==" }] = definition.examples ?? [];
    const given = example as object;
    expect(
      problemWith(definition.input, { ...given, limits: { memoryMb: 8_192, cpuCores: 16 } }, "input"),
    ).toBeUndefined();
    expect(problemWith(definition.input, { ...given, limits: { memoryMb: 8_193 } }, "input")).toContain(
      "memoryMb",
    );
    expect(problemWith(definition.input, { ...given, network: true }, "input")).toContain("network");
  });
});
