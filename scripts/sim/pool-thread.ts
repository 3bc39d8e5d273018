/** One thread of pool.ts: takes a setting, gives back what came of it. */
import { parentPort } from "node:worker_threads";
import type { Setting } from "./setting.ts";
import { simulate } from "./simulation.ts";

parentPort?.on("message", (setting: Setting) => parentPort?.postMessage(simulate(setting)));
