import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readInput } from "../../../src/skills/input.ts";
import { readForm } from "../../../src/skills/multipart.ts";
import type { SkillDefinition } from "../../../src/skills/skill.ts";

let folder: string;
let forms = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "errand-form-"));
});
afterEach(() => rm(folder, { recursive: true }));

const type = "multipart/form-data; boundary=cut";
const part = (name: string, body: string | Buffer, more = ""): Buffer =>
  Buffer.concat([
    Buffer.from(`--cut\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`),
    Buffer.from(body as string),
    Buffer.from("\r\n"),
  ]);
const form = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, Buffer.from("--cut--\r\n")]);
const read = (bytes: Uint8Array, as = type) => readForm({ bytes }, as, join(folder, String((forms += 1))));

describe("a form", () => {
  test("any file comes out as it went in, also one that looks like a boundary", async () => {
    const pieces = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 50 }),
        fc.constantFrom("\r\n--cu", "\r\n", "--cut", "\r\n--", "\n--cut--").map(Buffer.from),
      ),
    );
    await fc.assert(
      fc.asyncProperty(pieces, async (list) => {
        const file = Buffer.concat(list);
        fc.pre(!Buffer.concat([Buffer.from("\r\n"), file]).includes("\r\n--cut"));
        const found = await read(
          form(part("input", '{"a":1}'), part("file", file, '; filename="x"\r\nContent-Type: image/png')),
        );
        expect(found.input?.toString()).toBe('{"a":1}');
        expect(found.file).toMatchObject({
          sizeBytes: file.length,
          type: "image/png",
          hash: createHash("sha256").update(file).digest("hex"),
        });
        expect((await readFile(found.file?.path ?? "")).equals(file)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("a large one from a file, cut where the reading cuts it", async () => {
    const file = Buffer.alloc(5_000_001, "\r\n--cu");
    const path = join(folder, "body");
    await writeFile(path, form(part("file", file), part("input", "{}")));
    const found = await readForm({ path }, 'multipart/form-data; boundary="cut"', join(folder, "out"));
    expect((await readFile(found.file?.path ?? "")).equals(file)).toBe(true);
    expect(found.input?.toString()).toBe("{}");
  });

  test.each([
    ["no boundary in its type", form(part("input", "{}")), "multipart/form-data", "names no boundary"],
    ["cut off", part("file", "x"), type, "ends before"],
    ["another part", form(part("path", "/etc/passwd")), type, "are called"],
    ["two files", form(part("file", "x"), part("file", "y")), type, "two parts"],
    ["an endless header", Buffer.from(`--cut\r\n${"x".repeat(20_000)}`), type, "header is too long"],
    ["no delimiter at all", Buffer.alloc(100_000), type, "ends before"],
  ])("that is wrong is refused: %s", async (_name, bytes, as, why) => {
    await expect(read(bytes, as)).rejects.toMatchObject({
      code: "InvalidInput",
      message: expect.stringContaining(why),
    });
  });
});

describe("as input", () => {
  const definition: SkillDefinition = {
    id: "t.x",
    version: "1.0.0",
    description: "d",
    input: {
      type: "object",
      properties: { file: { type: "object" }, width: { type: "integer" } },
      required: ["file"],
    },
    output: true,
    inputModes: ["image/*", "multipart/form-data"],
  };
  const input = (bytes: Uint8Array) =>
    readInput(definition, { bytes, type }, undefined, join(folder, `run${(forms += 1)}`));

  test("the file beside the fields of its JSON", async () => {
    expect(await input(form(part("input", '{"width":5}'), part("file", "pixels")))).toMatchObject({
      width: 5,
      file: { sizeBytes: 6 },
    });
  });

  test("a path cannot be named in the JSON", async () => {
    const named = input(form(part("input", '{"file":{"path":"/etc/passwd"}}')));
    await expect(named).rejects.toThrow("cannot be named in JSON");
    const both = input(form(part("input", '{"file":{"path":"/etc/passwd"}}'), part("file", "x")));
    await expect(both).rejects.toThrow("cannot be named in JSON");
    await expect(input(form(part("input", "[]"), part("file", "x")))).rejects.toThrow("must be object");
    await expect(input(form(part("input", '{"width":"x"}'), part("file", "x")))).rejects.toThrow(
      "input.width",
    );
  });

  test("a skill that takes every file sees the form as a file", async () => {
    const every = { ...definition, inputModes: ["*/*"] };
    const bytes = form(part("file", "x"));
    expect(await readInput(every, { bytes, type }, undefined, join(folder, "run"))).toMatchObject({
      file: { sizeBytes: bytes.length, type },
    });
  });
});
