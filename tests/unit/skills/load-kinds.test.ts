/** Every kind of declaration, as the README of the skills shows it. */
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadServers, loadSkills } from "../../../src/skills/load.ts";

let folder: string;
let blocks: string[];
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "errand-kinds-")));
  const readme = await readFile(new URL("../../../src/skills/README.md", import.meta.url), "utf8");
  blocks = [...readme.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = ""]) => text);
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

async function shown(start: RegExp): Promise<string> {
  const found = blocks.find((block) => start.test(block));
  if (found === undefined) throw new Error(`no block of the README has ${start}`);
  return file("shown.yaml", found);
}

describe("as the README shows them", () => {
  test("an endpoint", async () => {
    const [skill] = await loadSkills([await shown(/^id: acme.translate/)]);
    expect(skill?.definition.id).toBe("acme.translate");
    expect(skill?.source).toMatchObject({
      kind: "http",
      http: { token: { file: join(folder, "translate.key") }, result: { text: "/translations/0/text" } },
    });
  });

  test("a model, by its preset alone", async () => {
    const [skill] = await loadSkills([await shown(/preset: openai-chat/)]);
    expect(skill?.definition).toMatchObject({ id: "model.infer", inputModes: ["text/plain"] });
    expect(skill?.source).toMatchObject({ kind: "http", http: { model: "llama3.2" } });
  });

  test("an MCP server, which is no skill itself", async () => {
    const path = await shown(/^mcp:/);
    expect(await loadSkills([path])).toEqual([]);
    expect(await loadServers([path])).toEqual([
      {
        name: "files",
        via: {
          kind: "stdio",
          argv: ["npx", "-y", "@modelcontextprotocol/server-filesystem", "/srv/shared"],
          env: {},
          passEnv: ["HTTPS_PROXY"],
          memoryBytes: 512 * 1024 ** 2,
        },
        tools: ["read_text_file", "list_directory"],
      },
    ]);
  });

  test("a container", async () => {
    const [skill] = await loadSkills([await shown(/^id: acme.thumbnail/)]);
    expect(skill?.source).toMatchObject({
      kind: "container",
      container: { image: "acme/poppler:24", memoryMb: 512 },
    });
  });
});

describe("an MCP server", () => {
  test("at a URL, with a token", async () => {
    const path = await file(
      "remote.yaml",
      "mcp: { name: far, url: https://h.example/mcp, token: { file: ./t } }\n",
    );
    expect(await loadServers([path])).toEqual([
      {
        name: "far",
        via: { kind: "http", url: "https://h.example/mcp", headers: {}, token: { file: join(folder, "t") } },
      },
    ]);
  });

  test.each([
    ["mcp: { name: x }", "mcp must"],
    ["mcp: { name: x, command: a, url: 'http://h/' }", "mcp must"],
    ["mcp: { name: Not A Name, command: a }", "mcp.name"],
    ["mcp: { name: x, command: a }\nid: my.x", "beside mcp"],
  ])("%s is refused", async (text, why) => {
    await expect(loadServers([await file("wrong.yaml", text)])).rejects.toMatchObject({
      code: "InvalidConfig",
      message: expect.stringContaining(why),
    });
  });

  test("two of one name are refused", async () => {
    const a = await file("a.yaml", "mcp: { name: x, command: a }");
    const b = await file("b.yaml", "mcp: { name: x, command: b }");
    await expect(loadServers([a, b])).rejects.toThrow("another server");
  });
});

test.each([
  "{ image: '../x' }",
  "{ image: busybox, privileged: true }",
  "{ image: busybox, memoryMb: 100000 }",
  "{}",
])("the container %s is refused", async (container) => {
  const head = "id: my.x\nversion: 1.0.0\ndescription: d\ninput: true\noutput: true\n";
  await expect(
    loadSkills([await file("box.yaml", `${head}container: ${container}\n`)]),
  ).rejects.toMatchObject({
    code: "InvalidConfig",
    message: expect.stringContaining("container"),
  });
});
