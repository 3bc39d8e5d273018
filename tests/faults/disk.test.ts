/**
 * The disk fills up, and the end of its log is lost or torn. Pass: nothing is acknowledged after the failure, and what is
 * opened again is a clean beginning of what was acknowledged; with the whole log, all of it.
 */
import { appendFileSync, copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { jsonBody } from "../../src/core/body.ts";
import { taskIdFromBytes } from "../../src/core/ids.ts";
import { configureWriter, openWriter } from "../../src/storage/connection.ts";
import { checkDatabase, migrate } from "../../src/storage/migrations.ts";
import { crashableMesh, settled } from "../support/memory-mesh.ts";
import { below, forEachSeed, randomOf, seedsFor } from "../support/seeds.ts";
import { temporaryDir, temporaryStore } from "../unit/storage/temporary-store.ts";

function idsIn(path: string): Set<string> {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = db.prepare("SELECT id FROM tasks").all();
    return new Set(rows.map(({ id }) => taskIdFromBytes(id as Uint8Array)));
  } finally {
    db.close();
  }
}

const input = jsonBody({ text: "0123456789".repeat(50) });

test("a full disk: no acknowledgement and no result after it, and nothing acknowledged is lost", async () => {
  const { store, path } = await temporaryStore({ maxPages: 90 });
  const mesh = crashableMesh({ workers: 1, seed: 1, store });
  const acknowledged: string[] = [];
  const told: string[] = [];
  const refusals: unknown[] = [];
  for (let wave = 0; refusals.length === 0; wave++) {
    expect(wave).toBeLessThan(10_000);
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        try {
          const { id } = await mesh.home.submit({ skill: "echo", input });
          acknowledged.push(id);
        } catch (error) {
          refusals.push(error);
        }
      }),
    );
  }
  for (const refusal of refusals) {
    expect(refusal).toMatchObject({ code: "StorageFailed", hint: expect.stringMatching(/disk is full/) });
  }
  expect(acknowledged.length).toBeGreaterThan(0);
  // What runs ends at its worker, but its end is told to nobody: it is not on disk.
  const waiting = acknowledged.map((id) =>
    mesh.home.wait(id).then(
      () => told.push(id),
      (error: unknown) => expect(error).toMatchObject({ code: "StorageFailed" }),
    ),
  );
  for (const job of mesh.workers[0]?.jobs ?? []) job.complete("done");
  await settled();
  await Promise.race([Promise.all(waiting), settled()]);
  expect(told).toEqual([]);
  const acks = mesh.workers[0]?.log.filter(({ message }) => message.kind === "responseAck");
  expect(acks).toEqual([]);
  await expect(mesh.home.submit({ skill: "echo", input })).rejects.toMatchObject({ code: "StorageFailed" });
  await store.close();

  const found = idsIn(path);
  for (const id of acknowledged) expect(found.has(id), id).toBe(true);
  // With room again, the next life takes them all up.
  const { store: again } = await temporaryStore({ path });
  const next = crashableMesh({ workers: 1, seed: 2, store: again });
  expect(await next.home.recover()).toBe(found.size);
});

/** The files of a node that was cut off in the middle of its work, and how much of the log each acknowledgement had waited for. */
async function loaded(folder: string) {
  const { store, path } = await temporaryStore({ path: join(folder, "errand.db") });
  const log = `${path}-wal`;
  const mesh = crashableMesh({ workers: 1, seed: 1, store });
  const waves: { ids: string[]; logBytes: number }[] = [];
  const copy = { db: join(folder, "copy.db"), log: join(folder, "copy.db-wal") };
  const wavesAtCopy = 40;
  for (let wave = 0; wave < wavesAtCopy; wave++) {
    const views = await Promise.all(
      Array.from({ length: 1 + (wave % 7) }, () => mesh.home.submit({ skill: "echo", input })),
    );
    waves.push({ ids: views.map(({ id }) => id), logBytes: statSync(log).size });
  }
  // In mid-load: more is on its way to the disk while it is copied.
  const more = Promise.all(Array.from({ length: 50 }, () => mesh.home.submit({ skill: "echo", input })));
  copyFileSync(path, copy.db);
  copyFileSync(log, copy.log);
  await more;
  await store.close();
  return { waves, db: copy.db, log: copy.log };
}

/** As the writer opens it at a start. Undefined when that is refused. */
function openedTasks(path: string): Set<string> | undefined {
  let db: DatabaseSync | undefined;
  try {
    db = openWriter(path);
    checkDatabase(db);
    configureWriter(db, undefined);
    migrate(db);
  } catch {
    db?.close();
    return undefined;
  }
  db.close();
  return idsIn(path);
}

test("a truncated or torn log: a clean beginning, or a refusal to start; with the whole log, everything", async () => {
  const folder = await temporaryDir();
  const { waves, db, log } = await loaded(folder);
  const bytes = readFileSync(log);
  const path = join(folder, "again.db");

  /** The tasks after a start with this log. */
  function start(withLog: Uint8Array): Set<string> | undefined {
    copyFileSync(db, path);
    writeFileSync(`${path}-wal`, withLog);
    return openedTasks(path);
  }

  function expectBeginning(found: Set<string> | undefined, wholeUpTo: number): void {
    if (found === undefined) return;
    let complete = true;
    for (const { ids, logBytes } of waves) {
      const there = ids.filter((id) => found.has(id)).length;
      if (logBytes <= wholeUpTo) expect(there).toBe(ids.length);
      // Nothing of a later wave without all of the earlier ones.
      if (!complete) expect(there).toBe(0);
      complete = there === ids.length;
    }
  }

  const all = start(bytes);
  expect(all).toBeDefined();
  expectBeginning(all, bytes.length);

  await forEachSeed(seedsFor(400, 40), async (seed) => {
    const random = randomOf(seed);
    const at = below(random, bytes.length);
    const torn = new Uint8Array(bytes);
    if (seed % 3 === 0) torn.fill(0xa5, at, at + 1 + below(random, 5_000));
    else if (seed % 3 === 1) torn.fill(0, at);
    expectBeginning(start(seed % 3 === 2 ? bytes.subarray(0, at) : torn), at);
  });
  // A log that has grown without its last commit: as a crash in the middle of a write leaves it.
  copyFileSync(db, path);
  copyFileSync(log, `${path}-wal`);
  appendFileSync(`${path}-wal`, bytes.subarray(32, 5_000));
  expectBeginning(openedTasks(path), bytes.length);
}, 300_000);
