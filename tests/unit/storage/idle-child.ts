/** Opens a store, writes, reads, and leaves it open. Argument: the database's path. */
import { silentLog } from "../../../src/core/log.ts";
import { getMeta, setMeta } from "../../../src/storage/meta.ts";
import { openStore } from "../../../src/storage/sqlite-store.ts";

const store = await openStore({ path: process.argv[2] as string, log: silentLog });
setMeta(store, "x", "written");
await store.committed();
console.log(await getMeta(store, "x"));
