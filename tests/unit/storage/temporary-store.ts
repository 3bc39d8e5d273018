/** A store in a folder of its own that goes with the test. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { openStore, type StoreOptions } from "../../../src/storage/sqlite-store.ts";
import type { Store } from "../../../src/storage/store.ts";

export async function temporaryDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "errand-storage-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export async function temporaryStore(
  options: Partial<StoreOptions> = {},
): Promise<{ store: Store; path: string }> {
  const path = options.path ?? join(await temporaryDir(), "errand.db");
  const store = await openStore({ log: silentLog, ...options, path });
  onTestFinished(() => store.close());
  return { store, path };
}
