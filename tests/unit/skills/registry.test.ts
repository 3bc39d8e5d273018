import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hashFile } from "../../../src/skills/hash-file.ts";
import { builtinSkills } from "../../../src/skills/registry.ts";
import { problemWith } from "../../../src/skills/schema.ts";
import { checkDefinition, type Skill } from "../../../src/skills/skill.ts";
import { sleep } from "../../../src/skills/sleep.ts";
import { runSkill } from "./run-skill.ts";

const skills = builtinSkills() as readonly Skill<unknown>[];
const offline = skills.filter(({ definition }) => definition.id !== "http.request");

describe("every built-in skill", () => {
  test("has an id of its own", () => {
    const ids = skills.map(({ definition }) => definition.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(
      expect.arrayContaining(["echo", "sleep", "system.info", "hash.file", "http.request"]),
    );
  });

  test.each(skills.map((skill) => [skill.definition.id, skill] as const))(
    "%s has a sound definition",
    (id, skill) => {
      const { examples = [], input, output } = checkDefinition(skill.definition, id);
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) expect(problemWith(input, example, "input")).toBeUndefined();
      // What a schema does not say travels unchecked: closed shapes, except for the one that takes anything.
      if (id !== "echo") {
        expect(input).toMatchObject({ type: "object", additionalProperties: false });
        expect(output).toMatchObject({ type: "object", additionalProperties: false });
      }
    },
  );

  test.each(offline.map((skill) => [skill.definition.id, skill] as const))(
    "%s runs its examples",
    async (_, skill) => {
      for (const example of skill.definition.examples ?? []) {
        const first = await runSkill(skill, example);
        expect(problemWith(skill.definition.output, first, "output")).toBeUndefined();
        if (skill.definition.deterministic === true) expect(await runSkill(skill, example)).toEqual(first);
      }
    },
  );
});

test("sleep reports progress and stops when it is cancelled", async () => {
  const stop = new AbortController();
  const fractions: number[] = [];
  const sleeping = runSkill(
    sleep,
    { seconds: 3600 },
    {
      signal: stop.signal,
      progress: (fraction) => {
        fractions.push(fraction);
        stop.abort();
      },
    },
  );
  await expect(sleeping).rejects.toThrow("aborted");
  expect(fractions).toEqual([expect.any(Number)]);
});

describe("hash.file", () => {
  test("reads a file as a stream, by as many algorithms as asked", async () => {
    const folder = await mkdtemp(join(tmpdir(), "errand-hash-"));
    const bytes = Buffer.alloc(3_000_001, "abc");
    const path = join(folder, "x");
    await writeFile(path, bytes);
    const progress: number[] = [];
    const file = { path, sizeBytes: bytes.length, hash: "", type: "application/zip" };
    const output = await runSkill(
      hashFile,
      { file, algorithms: ["sha256", "md5"] },
      { progress: (fraction) => void progress.push(fraction) },
    );
    expect(output).toEqual({
      sizeBytes: bytes.length,
      type: "application/zip",
      hashes: {
        sha256: createHash("sha256").update(bytes).digest("hex"),
        md5: createHash("md5").update(bytes).digest("hex"),
      },
    });
    expect(progress.length).toBeGreaterThan(1);
    expect(progress.at(-1)).toBe(1);
    await rm(folder, { recursive: true });
  });

  test("knows the hash of nothing, by every algorithm", async () => {
    const { hashes } = await runSkill(hashFile, {
      text: "",
      algorithms: ["sha256", "sha512", "sha3-256", "blake2b512"],
    });
    expect(hashes["sha256"]).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(hashes["sha3-256"]).toBe("a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
  });
});
