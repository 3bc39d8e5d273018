import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { inputShape, readInput, readJson } from "../../../src/skills/input.ts";
import type { SkillDefinition } from "../../../src/skills/skill.ts";

const base = {
  id: "x",
  version: "1.0.0",
  description: "x",
  input: true,
  output: true,
} satisfies SkillDefinition;
const text: SkillDefinition = { ...base, inputModes: ["text/plain"] };
const any: SkillDefinition = { ...base, inputModes: ["*/*"] };
const images: SkillDefinition = { ...base, inputModes: ["image/*", "application/pdf"] };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "errand-input-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("the shape of an input", () => {
  test.each([
    [base, "application/json", "json"],
    [any, "application/json; charset=utf-8", "json"],
    [text, "text/plain", "text"],
    [text, "text/markdown; charset=utf-8", "text"],
    [any, "text/plain", "file"],
    [images, "image/png", "file"],
    [images, "application/pdf", "file"],
  ])("%#: %s is %s", (definition, type, shape) => expect(inputShape(definition, type)).toBe(shape));

  test.each([
    [base, "text/plain"],
    [text, "image/png"],
    [images, "application/zip"],
    [images, "text/plain"],
  ])("%#: %s is refused", (definition, type) => {
    expect(() => inputShape(definition, type)).toThrow(expect.objectContaining({ code: "InvalidInput" }));
  });
});

test("text arrives as { text } and must be UTF-8", async () => {
  const bytes = Buffer.from("größer");
  expect(await readInput(text, { bytes, type: "text/plain" }, undefined, folder)).toEqual({ text: "größer" });
  const broken = { bytes: Buffer.from([0xff, 0xfe]), type: "text/plain" };
  await expect(readInput(text, broken, undefined, folder)).rejects.toMatchObject({ code: "InvalidInput" });
});

test("other bytes arrive as { file }: from the blob's path, or written into the scratch folder", async () => {
  const bytes = Buffer.from("hello");
  const hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  const scratch = join(folder, "scratch");
  const inline = (await readInput(any, { bytes, type: "a/b" }, undefined, scratch)) as {
    file: { path: string };
  };
  expect(inline.file).toMatchObject({ sizeBytes: 5, hash, type: "a/b" });
  expect(await readFile(inline.file.path, "utf8")).toBe("hello");
  const path = join(folder, "blob");
  await writeFile(path, bytes);
  const blob = { blob: { hash, sizeBytes: 5 }, type: "a/b" };
  expect(await readInput(any, blob, path, scratch)).toEqual({
    file: { path, sizeBytes: 5, hash, type: "a/b" },
  });
});

test("a large JSON input is read from its blob", async () => {
  const path = join(folder, "blob");
  await writeFile(path, "[1,2]");
  const blob = { blob: { hash: "0".repeat(64), sizeBytes: 5 }, type: "application/json" };
  expect(await readInput(base, blob, path, folder)).toEqual([1, 2]);
});

test("a peer cannot name a file of this machine in JSON", () => {
  const body = jsonBody({ file: { path: "/etc/hostname", sizeBytes: 1, hash: "", type: "" } });
  for (const definition of [any, images]) {
    expect(() => readJson(definition, body.bytes ?? new Uint8Array())).toThrow(
      expect.objectContaining({ code: "InvalidInput", message: expect.stringContaining("input.file") }),
    );
  }
});

test("what is no JSON is refused with where", () => {
  expect(() => readJson(base, Buffer.from('{"a":'))).toThrow(
    expect.objectContaining({ code: "InvalidInput", hint: expect.stringContaining("JSON") }),
  );
});
