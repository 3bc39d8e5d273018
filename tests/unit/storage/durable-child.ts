/**
 * Writes rows for ever and says each number on stdout once its row is acknowledged; ends only by being killed.
 * Argument: the database's path.
 */
import { writeSync } from "node:fs";
import { silentLog } from "../../../src/core/log.ts";
import { setMeta } from "../../../src/storage/meta.ts";
import { openStore } from "../../../src/storage/sqlite-store.ts";

const store = await openStore({ path: process.argv[2] as string, log: silentLog });
let next = 0;

async function writeForEver(): Promise<never> {
  for (;;) {
    const number = next++;
    setMeta(store, `row-${number}`, number);
    await store.committed();
    writeSync(1, `${number}\n`);
  }
}

await Promise.all(Array.from({ length: 16 }, writeForEver));
