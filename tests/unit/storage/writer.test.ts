import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { createReader } from "../../../src/storage/reader.ts";
import type { Thread } from "../../../src/storage/thread.ts";
import { createWriter } from "../../../src/storage/writer.ts";

/** A database thread that runs `code` instead. */
function thread(code: string): Thread {
  const worker = new Worker(`const { parentPort } = require("node:worker_threads"); ${code}`, { eval: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  worker.once("exit", () => resolve());
  return { worker, ended: promise };
}

test.each([
  ["ends", "parentPort.once('message', () => process.exit(3))"],
  ["throws", "parentPort.once('message', () => { throw new Error('out of cheese') })"],
])("a writer thread that %s fails all who wait, and those after them", async (_, code) => {
  const writer = createWriter(thread(code), "errand.db", silentLog);
  writer.write("a", [1]);
  const out = writer.committed();
  await new Promise(setImmediate);
  writer.write("a", [2]);
  const gathering = writer.committed();
  const results = await Promise.allSettled([out, gathering]);
  for (const result of results) {
    expect(result).toMatchObject({ status: "rejected", reason: { code: "StorageFailed" } });
  }
  await expect(writer.committed()).rejects.toBe(writer.failed());
  await writer.close();
});

test("at most two groups are out; what is written meanwhile gathers into the third", async () => {
  // Acknowledges nothing until it has two groups, and says how many statements each group had.
  const writerThread = thread(`
    let groups = 0;
    parentPort.on("message", (message) => {
      if (message.kind === "close") return parentPort.close();
      groups += 1;
      if (groups === 2) parentPort.postMessage({ kind: "committed", groups: 2 });
      if (groups === 3) parentPort.postMessage({ kind: "committed", groups: message.values.length / 3 === 20 ? 1 : 0 });
    });`);
  const writer = createWriter(writerThread, "errand.db", silentLog);
  for (let i = 0; i < 2; i++) {
    writer.write("a", [i]);
    await new Promise(setImmediate);
  }
  for (let i = 0; i < 20; i++) writer.write("a", [i]);
  await writer.committed();
  await writer.close();
});

test("a reader thread that ends rejects who asked, and is told", async () => {
  const told = Promise.withResolvers<string>();
  const reader = createReader(thread("parentPort.once('message', () => process.exit(3))"), "errand.db", (f) =>
    told.resolve(f.message),
  );
  await expect(reader.read("SELECT 1")).rejects.toMatchObject({ code: "StorageFailed" });
  expect(await told.promise).toMatch(/reader thread/);
  await expect(reader.read("SELECT 1")).rejects.toMatchObject({ code: "StorageFailed" });
  await reader.close();
});
