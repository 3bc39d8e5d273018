import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { jsonBody, type Body } from "../../../src/core/body.ts";
import { storageGet, storagePut } from "../../../src/skills/storage.ts";
import { openBlobs } from "../../../src/storage/blobs.ts";
import type { Executor } from "../../../src/worker/executor.ts";
import { createStorageExecutor } from "../../../src/worker/executors/storage.ts";
import { manualClock, type ManualClock } from "../../support/manual-clock.ts";

let folder: string;
let clock: ManualClock;
let executor: Executor;
let runs = 0;
const hourMs = 3_600_000;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "errand-shelf-"));
  clock = manualClock();
  const shelf = openBlobs(join(folder, "shelf"), { clock, maxBytes: 1_000 });
  executor = createStorageExecutor({ shelf, ttlMs: hourMs, clock });
});
afterEach(() => rm(folder, { recursive: true }));

async function run(act: "put" | "get", input: Body, inputPath?: string) {
  const skill = act === "put" ? storagePut : storageGet;
  const { output } = await executor.execute(
    { id: "t", skill, input, outputBytes: 10_000, ...(inputPath !== undefined && { inputPath }) },
    {
      signal: new AbortController().signal,
      deadline: Infinity,
      scratchDir: join(folder, `run${(runs += 1)}`),
      progress: () => {},
      log: () => {},
    },
  );
  return output;
}

async function put(text: string): Promise<string> {
  const output = await run("put", jsonBody({ text }));
  return (JSON.parse(Buffer.from(output.bytes ?? []).toString()) as { hash: string }).hash;
}

const get = (hash: string, more: object = {}) => run("get", jsonBody({ hash, ...more }));

test("text, base64 and files under the names of their hashes", async () => {
  const hash = await put("hello");
  expect(hash).toBe("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  const again = await run("put", jsonBody({ base64: Buffer.from("hello").toString("base64") }));
  expect(JSON.parse(Buffer.from(again.bytes ?? []).toString())).toEqual({
    hash,
    sizeBytes: 5,
    keptForSeconds: 3_600,
  });
  const path = join(folder, "file");
  await writeFile(path, "a file");
  await run("put", { blob: { hash: "0".repeat(64), sizeBytes: 6 }, type: "image/png" }, path);
  const output = await get(hash, { type: "text/plain" });
  expect(output.type).toBe("text/plain");
  expect(await readFile(output.file ?? "", "utf8")).toBe("hello");
  expect(await readFile(path, "utf8")).toBe("a file");
});

test("what is not there may be elsewhere; a name that is no hash is nothing", async () => {
  await expect(get("0".repeat(64))).rejects.toMatchObject({ code: "SkillFailed", retryable: true });
  await expect(get("../../etc/passwd")).rejects.toMatchObject({ code: "InvalidInput" });
});

test("a full shelf refuses, until what is on it is too old", async () => {
  const old = await put("x".repeat(800));
  await expect(put("y".repeat(800))).rejects.toMatchObject({ code: "LimitExceeded" });
  expect((await get(old)).file).toBeDefined();
  clock.advance(hourMs + 1);
  const hash = await put("y".repeat(800));
  expect((await get(hash)).file).toBeDefined();
  await expect(get(old)).rejects.toMatchObject({ code: "SkillFailed" });
});

test("what is put again is kept from then on", async () => {
  const hash = await put("z");
  clock.advance(hourMs * 0.9);
  await put("z");
  clock.advance(hourMs * 0.9);
  expect((await get(hash)).file).toBeDefined();
  clock.advance(hourMs * 0.2);
  await expect(get(hash)).rejects.toMatchObject({ code: "SkillFailed" });
});
