/** The store by itself: rows a second with many writers, and what one commit takes that nobody shares. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newTaskId } from "../../../src/core/ids.ts";
import { createLog } from "../../../src/core/log.ts";
import { insertHistory } from "../../../src/storage/history.ts";
import { openStore } from "../../../src/storage/sqlite-store.ts";
import { drive } from "../measure.ts";
import { figure } from "../report.ts";
import type { Suite } from "./suite.ts";

const levels = [1, 256];

export const store: Suite = {
  name: "store",
  async run({ quick, say }) {
    say("store writes");
    const dir = await mkdtemp(join(tmpdir(), "errand-bench-"));
    const store = await openStore({ path: join(dir, "errand.db"), log: createLog("warn") });
    const entry = { at: 0, from: "queued", to: "running", attempt: 1, peer: "", reason: "" };
    const write = (): Promise<void> => {
      insertHistory(store, newTaskId(), [entry], 0);
      return store.committed();
    };
    try {
      const figures = [];
      await drive(write, 256, 300);
      for (const writers of levels)
        figures.push({ writers, ...(await drive(write, writers, quick ? 500 : 1_500)) });
      const rows = figures.map((f) => [
        String(f.writers),
        figure(f.perSecond),
        figure(f.p50Ms),
        figure(f.p99Ms),
        figure(f.cpuUs / f.requests),
      ]);
      const head = ["writers", "rows per second", "p50 ms", "p99 ms", "CPU µs a row"];
      return {
        tables: [{ title: "Store, a commit waited for by each writer", head, rows }],
        promises: [],
        figures,
      };
    } finally {
      await store.close();
      await rm(dir, { recursive: true, force: true });
    }
  },
};
