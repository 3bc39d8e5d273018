import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadSkills } from "../../../src/skills/load.ts";
import { builtinOffers } from "../../../src/skills/registry.ts";

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "errand-load-")));
});
afterEach(() => rm(folder, { recursive: true }));

async function load(files: Record<string, string>, ...specs: string[]) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return loadSkills(specs.length === 0 ? Object.keys(files) : specs, {
    cwd: folder,
    offered: builtinOffers(),
  });
}

const definition = (id: string, more = ""): string =>
  `{ id: "${id}", version: "1.2.0", description: "d", input: true, output: true${more} }`;
const module = (id: string, more = ""): string =>
  `export default { definition: ${definition(id, more)}, run: (x) => x };`;
const yaml = "id: my.cat\nversion: 1.0.0\ndescription: d\ninput: true\noutput: true\n";

describe("modules", () => {
  test("one skill, in JavaScript or TypeScript", async () => {
    const ts = `const run = (x: unknown): unknown => x;\nexport default { definition: ${definition("my.b")}, run };`;
    const skills = await load({ "a.mjs": module("my.a"), "b.ts": ts });
    expect(skills.map(({ definition }) => definition.id)).toEqual(["my.a", "my.b"]);
    expect(skills[1]).toMatchObject({
      definition: { version: "1.2.0" },
      source: { kind: "module", path: join(folder, "b.ts") },
    });
  });

  test("several skills in a list", async () => {
    const list = `const run = (x) => x; export default [
      { definition: ${definition("my.a")}, run }, { definition: ${definition("my.b")}, run }];`;
    expect(await load({ "a.mjs": list })).toHaveLength(2);
  });
});

describe("commands in YAML", () => {
  test("paths are relative to the file", async () => {
    const text = `${yaml}command: [./bin/x, --flag, ./y.js, word]\ncwd: data\nenv: { A: "1" }\ntags: [t]\n`;
    const [skill] = await load({ "a.yaml": text });
    expect(skill).toEqual({
      definition: {
        id: "my.cat",
        version: "1.0.0",
        description: "d",
        input: true,
        output: true,
        tags: ["t"],
      },
      source: {
        kind: "command",
        argv: [join(folder, "bin/x"), "--flag", join(folder, "y.js"), "word"],
        cwd: join(folder, "data"),
        env: { A: "1" },
      },
    });
  });

  test("a bare name is looked up in PATH by the system", async () => {
    const [skill] = await load({ "a.yml": `${yaml}command: [cat]\n` });
    expect(skill?.source).toEqual({ kind: "command", argv: ["cat"] });
  });
});

describe("what is wrong is said with the file's name, a code and a hint", () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ["syntax", { "a.mjs": "export default {" }, /^a\.mjs: importing it failed/],
    ["throws", { "a.mjs": "throw new Error('no database')" }, /^a\.mjs: importing it failed: no database/],
    ["no default", { "a.mjs": "export const x = 1;" }, /^a\.mjs: its default export is not/],
    [
      "no run",
      { "a.mjs": `export default { definition: ${definition("my.a")} };` },
      /^a\.mjs: its default export/,
    ],
    ["bad id", { "a.mjs": module("My Skill") }, /^a\.mjs: definition\.id/],
    [
      "bad schema",
      { "a.mjs": module("my.a", ", input: { type: 'strnig' }") },
      /^a\.mjs: definition\.input: /,
    ],
    [
      "far $ref",
      { "a.mjs": module("my.a", ", input: { $ref: 'https://example.com/' }") },
      /^a\.mjs: definition\.input/,
    ],
    [
      "example against its schema",
      { "a.mjs": module("my.a", ", input: { type: 'string' }, examples: [1]") },
      /^a\.mjs: definition\.examples\[0\].*input must be string/,
    ],
    [
      "taken by a built-in",
      { "a.mjs": module("echo") },
      /^a\.mjs: the id "echo" is taken by a built-in skill/,
    ],
    [
      "taken by another",
      { "a.mjs": module("my.a"), "b.mjs": module("my.a") },
      /^b\.mjs: .* is taken by a\.mjs/,
    ],
    ["not YAML", { "a.yaml": "a: [1\nb: 2" }, /^a\.yaml: it is not YAML/],
    ["no map", { "a.yaml": "- 1" }, /^a\.yaml: it is not a map/],
    ["no command", { "a.yaml": yaml }, /^a\.yaml: command must be a list/],
    ["shell text", { "a.yaml": `${yaml}command: cat | wc\n` }, /^a\.yaml: command must be a list/],
    [
      "env of numbers",
      { "a.yaml": `${yaml}command: [cat]\nenv: { A: 1 }\n` },
      /^a\.yaml: env must be a map of strings/,
    ],
    [
      "misspelt field",
      { "a.yaml": `${yaml}command: [cat]\ndeterministc: true\n` },
      /^a\.yaml: .*"deterministc"/,
    ],
    [
      "cheap command",
      { "a.yaml": `${yaml}command: [cat]\ncheap: true\n` },
      /^a\.yaml: a command cannot be cheap/,
    ],
    ["another ending", { "a.txt": "x" }, /^a\.txt: files ending in "\.txt"/],
  ])("%s", async (_, files, message) => {
    await expect(load(files)).rejects.toMatchObject({
      code: "InvalidConfig",
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
  });

  test("a file that is not there", async () => {
    await expect(load({}, "gone.ts")).rejects.toMatchObject({
      code: "InvalidConfig",
      message: "gone.ts: there is no such file",
    });
  });
});
