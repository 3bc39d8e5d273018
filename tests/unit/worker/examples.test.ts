/** The examples under scripts/examples, as a node runs them: loaded, offered, and asked with real text. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { jsonBody, type Body } from "../../../src/core/body.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { silentLog } from "../../../src/core/log.ts";
import { loadSkills } from "../../../src/skills/load.ts";
import { hasPython } from "../../support/python.ts";
import { builtinOffers, defaultSkillSettings } from "../../../src/skills/registry.ts";
import { createExecutors } from "../../../src/worker/executors/registry.ts";
import { createWorker, type Worker } from "../../../src/worker/worker.ts";

let root: string;
let worker: Worker;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "errand-examples-"));
  const cwd = fileURLToPath(new URL("../../../scripts/examples", import.meta.url));
  const offered = builtinOffers();
  const own = await loadSkills(
    ["csv-summary.ts", "markdown-outline.yaml", ...(hasPython ? ["word-frequencies.py"] : [])],
    { cwd, offered },
  );
  worker = createWorker({
    skills: [...offered, ...own],
    executors: createExecutors({ settings: defaultSkillSettings, clock: systemClock, slots: 1 }),
    slots: 1,
    clock: systemClock,
    log: silentLog,
    scratchRoot: root,
    random: Math.random,
  });
});
afterAll(async () => {
  await worker.close();
  await rm(root, { recursive: true, force: true });
});

async function run(skill: string, input: Body): Promise<unknown> {
  const offer = worker.offer({
    id: skill,
    submitter: "test",
    skill,
    skillVersion: "^1",
    priority: 96,
    input,
    deadline: systemClock.monotonic() + 20_000,
    signal: new AbortController().signal,
    onStart: () => {},
    onProgress: () => {},
  });
  if (offer.verdict === "refused") throw new Error(offer.message);
  const { body, release } = await offer.result;
  await release();
  return JSON.parse(Buffer.from(body.bytes ?? []).toString());
}

test("csv.summary reads quoted fields, gaps and line ends of all kinds", async () => {
  const text = '\uFEFFname,amount,note\r\n"Doe, Jane",10,"said ""hi"""\r\nSmith,2.5,\n\nLee,,"two\nlines"\n';
  expect(await run("csv.summary", { bytes: Buffer.from(text), type: "text/csv" })).toEqual({
    rows: 3,
    columns: [
      { name: "name", type: "text", filled: 3, distinct: 3 },
      { name: "amount", type: "number", filled: 2, distinct: 2, min: 2.5, max: 10, mean: 6.25 },
      { name: "note", type: "text", filled: 2, distinct: 2 },
    ],
  });
});

test("markdown.outline finds headings and links, and none in code", async () => {
  const text =
    "# One #\n\nTwo [words](https://a.example).\n\n```sh\n# no heading\n```\n\n## Two\nmore\n####### seven\n";
  expect(await run("markdown.outline", { bytes: Buffer.from(text), type: "text/markdown" })).toEqual({
    sections: [
      { level: 1, title: "One", line: 1, words: 2 },
      { level: 2, title: "Two", line: 9, words: 2 },
    ],
    links: ["https://a.example"],
  });
});

test.skipIf(!hasPython)("word.frequencies counts in a warm Python process", async () => {
  const text = "To be, or not to be:\nthat is the question\n";
  expect(await run("word.frequencies", jsonBody({ text, top: 3 }))).toEqual([
    { word: "be", count: 2, share: 0.2 },
    { word: "to", count: 2, share: 0.2 },
    { word: "is", count: 1, share: 0.1 },
  ]);
  expect(worker.warm()).toEqual(["word.frequencies"]);
});

test("hash.file takes a file of any kind, without a folder left behind", async () => {
  expect(await run("hash.file", { bytes: Buffer.from("abc"), type: "image/png" })).toEqual({
    sizeBytes: 3,
    type: "image/png",
    hashes: { sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
  });
  const [life = ""] = await readdir(root);
  expect(await readdir(join(root, life))).toEqual([]);
});
