/** Locks a data folder, says so on stdout, and holds it until killed. Argument: the folder. */
import { lockDataDir } from "../../../src/storage/lock.ts";

lockDataDir(process.argv[2] as string);
console.log("locked");
setInterval(() => {}, 60_000);
