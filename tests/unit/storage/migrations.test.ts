import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { setMeta, getMeta } from "../../../src/storage/meta.ts";
import { checkDatabase, migrate } from "../../../src/storage/migrations.ts";
import { temporaryDir, temporaryStore } from "./temporary-store.ts";

async function fingerprint(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

/** Opening `path` is refused with a hint that matches, and the file stays as it is. */
async function expectRefused(path: string, hint: RegExp): Promise<void> {
  const before = await fingerprint(path);
  await expect(temporaryStore({ path })).rejects.toMatchObject({
    code: "StorageFailed",
    hint: expect.stringMatching(hint),
  });
  expect(await fingerprint(path)).toBe(before);
}

test("opening again changes nothing and keeps what is there", async () => {
  const { store, path } = await temporaryStore();
  setMeta(store, "a", 1);
  await store.close();
  const before = await fingerprint(path);
  const { store: again } = await temporaryStore({ path });
  expect(await getMeta(again, "a")).toBe(1);
  await again.close();
  expect(await fingerprint(path)).toBe(before);
});

test("migrations run once each, in order, from wherever the database stands", () => {
  const db = new DatabaseSync(":memory:");
  const list = ["CREATE TABLE a (x)", "INSERT INTO a VALUES (1)", "INSERT INTO a VALUES (2)"];
  migrate(db, list.slice(0, 2));
  migrate(db, list);
  migrate(db, list);
  checkDatabase(db, 3);
  expect(db.prepare("SELECT x FROM a ORDER BY x").all()).toEqual([{ x: 1 }, { x: 2 }]);
});

test("a migration that fails leaves the version before it", () => {
  const db = new DatabaseSync(":memory:");
  const first = "CREATE TABLE a (x)";
  expect(() => migrate(db, [first, "INSERT INTO a VALUES (1); INSERT INTO nowhere VALUES (1)"])).toThrow(
    /nowhere/,
  );
  expect(db.prepare("SELECT count(*) AS n FROM a").get()).toEqual({ n: 0 });
  expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: 1 });
  migrate(db, [first, "INSERT INTO a VALUES (1)"]);
  expect(db.prepare("SELECT count(*) AS n FROM a").get()).toEqual({ n: 1 });
});

test("a database of a newer errand is refused", async () => {
  const { store, path } = await temporaryStore();
  await store.close();
  const db = new DatabaseSync(path);
  db.exec("PRAGMA user_version = 999");
  db.close();
  await expectRefused(path, /newer errand/);
});

test("a file that is no database is refused", async () => {
  const path = join(await temporaryDir(), "errand.db");
  await writeFile(path, "Dear diary, ".repeat(1000));
  await expectRefused(path, /not an Errand database/);
});

test("another program's database is refused", async () => {
  const path = join(await temporaryDir(), "errand.db");
  const db = new DatabaseSync(path);
  db.exec("CREATE TABLE bookmarks (url)");
  db.close();
  await expectRefused(path, /Move it away/);
});

test("a damaged database is refused", async () => {
  const { store, path } = await temporaryStore();
  for (let i = 0; i < 2000; i++) setMeta(store, `row-${i}`, `${i}`.repeat(20));
  await store.close();
  const bytes = await readFile(path);
  bytes.fill(0xa5, bytes.length - 24 * 1024, bytes.length - 8 * 1024);
  await writeFile(path, bytes);
  await expectRefused(path, /restore a backup/);
});
