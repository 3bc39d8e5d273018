import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { getMeta, setMeta } from "../../../src/storage/meta.ts";
import { temporaryDir, temporaryStore } from "./temporary-store.ts";

function child(name: string, path: string): ReturnType<typeof spawn> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const running = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void running.kill("SIGKILL"));
  return running;
}

test("own writes are seen once committed, and only then acknowledged", async () => {
  const { store } = await temporaryStore();
  await store.committed();
  setMeta(store, "a", 1);
  await store.committed();
  expect(await getMeta(store, "a")).toBe(1);
  await store.committed();
});

test("writes keep their order within a turn and over turns", async () => {
  const { store } = await temporaryStore();
  for (let turn = 0; turn < 20; turn++) {
    for (let i = 0; i < 50; i++) setMeta(store, "last", turn * 50 + i);
    if (turn % 3 === 0) await new Promise(setImmediate);
    if (turn % 7 === 0) await store.committed();
  }
  await store.committed();
  expect(await getMeta(store, "last")).toBe(999);
});

test("blobs and texts come back as they went in", async () => {
  const { store } = await temporaryStore();
  const values = {
    empty: new Uint8Array(0),
    pooled: Buffer.from("from the pool"),
    large: new Uint8Array(300_000).map((_, i) => i % 251),
    text: "línea — 😀 \u0000 end",
    big: 2 ** 53 - 1,
    half: 0.5,
  };
  for (const [key, value] of Object.entries(values)) setMeta(store, key, value);
  await store.committed();
  for (const [key, value] of Object.entries(values)) {
    const read = await getMeta(store, key);
    if (value instanceof Uint8Array) expect(Buffer.compare(read as Uint8Array, value)).toBe(0);
    else expect(read).toBe(value);
  }
});

test("waiters of one turn share a commit, those of the next get their own", async () => {
  const { store } = await temporaryStore();
  setMeta(store, "a", 1);
  const first = store.committed();
  expect(store.committed()).toBe(first);
  setMeta(store, "b", 1);
  expect(store.committed()).toBe(first);
  await first;
  setMeta(store, "c", 1);
  expect(store.committed()).not.toBe(first);
  await store.committed();
});

test("a query that is wrong rejects for its caller alone", async () => {
  const { store } = await temporaryStore();
  const wrong = store.read("SELECT * FROM nowhere");
  const right = store.read("SELECT 1 AS one");
  await expect(wrong).rejects.toMatchObject({ code: "StorageFailed" });
  expect(await right).toEqual([{ one: 1 }]);
  await expect(store.read("INSERT INTO meta VALUES ('a', 1)")).rejects.toThrow(/readonly/);
  expect(store.failed).toBeUndefined();
});

test("a statement that breaks a constraint takes its whole turn back, and nothing is acknowledged any more", async () => {
  const { store, path } = await temporaryStore();
  setMeta(store, "before", 1);
  await store.committed();
  setMeta(store, "same turn", 1);
  store.write("INSERT INTO meta (key, value) VALUES (?, ?)", ["before", 2]);
  const failure = store.committed();
  await expect(failure).rejects.toMatchObject({ code: "StorageFailed", hint: expect.stringMatching(/bug/) });
  expect(store.failed).toMatchObject({ code: "StorageFailed" });
  setMeta(store, "after", 1);
  await expect(store.committed()).rejects.toBe(store.failed);
  expect(await store.read("SELECT key FROM meta ORDER BY key")).toEqual([{ key: "before" }]);
  await store.close();
  const { store: again } = await temporaryStore({ path });
  expect(await again.read("SELECT key FROM meta ORDER BY key")).toEqual([{ key: "before" }]);
});

test("a full disk rejects, keeps what was acknowledged, and says what to do", async () => {
  const { store, path } = await temporaryStore({ maxPages: 64 });
  let acknowledged = 0;
  const block = new Uint8Array(20_000);
  const fill = async (): Promise<void> => {
    for (;;) {
      setMeta(store, `block-${acknowledged}`, block);
      await store.committed();
      acknowledged += 1;
    }
  };
  await expect(fill()).rejects.toMatchObject({
    code: "StorageFailed",
    hint: expect.stringMatching(/disk is full/),
  });
  expect(acknowledged).toBeGreaterThan(0);
  await expect(store.committed()).rejects.toMatchObject({ code: "StorageFailed" });
  await store.close();
  const { store: again } = await temporaryStore({ path });
  expect(await again.read("SELECT count(*) AS n FROM meta")).toEqual([{ n: acknowledged }]);
});

test("close commits what is queued, leaves no log behind, and tolerates being called twice", async () => {
  const { store, path } = await temporaryStore();
  for (let i = 0; i < 1000; i++) setMeta(store, `row-${i}`, i);
  await Promise.all([store.close(), store.close()]);
  await store.close();
  await expect(stat(`${path}-wal`)).rejects.toThrow(/ENOENT/);
  setMeta(store, "late", 1);
  await expect(store.committed()).rejects.toMatchObject({ code: "ShuttingDown" });
  await expect(getMeta(store, "late")).rejects.toMatchObject({ code: "ShuttingDown" });
  const { store: again } = await temporaryStore({ path });
  expect(await again.read("SELECT count(*) AS n FROM meta")).toEqual([{ n: 1000 }]);
});

test("the database is its owner's alone", async () => {
  const { store, path } = await temporaryStore();
  setMeta(store, "a", 1);
  await store.committed();
  for (const file of [path, `${path}-wal`]) expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("a folder that is not there is StorageFailed with a hint", async () => {
  const path = join(await temporaryDir(), "nowhere", "errand.db");
  await expect(temporaryStore({ path })).rejects.toMatchObject({
    code: "StorageFailed",
    hint: expect.stringMatching(/./),
  });
});

test("every row that was acknowledged before a kill -9 is there after it", async () => {
  const path = join(await temporaryDir(), "errand.db");
  const writer = child("durable-child.ts", path);
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: writer.stdout as NodeJS.ReadableStream })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === 500) writer.kill("SIGKILL");
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(500);
  const { store } = await temporaryStore({ path });
  const rows = await store.read<{ value: number }>("SELECT value FROM meta");
  const kept = new Set(rows.map((row) => row.value));
  expect(acknowledged.filter((number) => !kept.has(number))).toEqual([]);
});

test("an open store that nobody waits for does not keep the process alive", async () => {
  const path = join(await temporaryDir(), "errand.db");
  const idle = child("idle-child.ts", path);
  let said = "";
  idle.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(idle, "exit")) as [number];
  expect(code).toBe(0);
  expect(said).toBe("written\n");
});
