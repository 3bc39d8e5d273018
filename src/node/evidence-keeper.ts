/** Trust outlives the process: the router's evidence is loaded at the start and written in batches when it changes. */
import type { Clock } from "../core/clock.ts";
import type { Router } from "../routing/router.ts";
import { loadEvidence, upsertEvidence, type EvidenceRow } from "../storage/evidence.ts";
import type { Store } from "../storage/store.ts";

// Losing a few seconds of evidence in a crash costs a few tasks of learning.
const saveEveryMs = 2_000;

export interface EvidenceKeeper {
  /** Begins to save; the returned function saves once more and ends it. */
  start(): () => void;
}

export async function keepEvidence({
  router,
  store,
  clock,
  changed,
}: {
  router: Router;
  store: Store;
  clock: Clock;
  /** Told of each row that is saved. */
  changed?: (row: EvidenceRow) => void;
}): Promise<EvidenceKeeper> {
  router.import(await loadEvidence(store), clock.monotonic(), clock.now());
  const save = (): void => {
    for (const row of router.exportDirty()) {
      const saved = { extra: null, ...row, updatedAt: Math.round(row.updatedAt) };
      upsertEvidence(store, saved);
      changed?.(saved);
    }
  };
  return {
    start() {
      let cancel = clock.after(saveEveryMs, function again() {
        save();
        cancel = clock.after(saveEveryMs, again);
      });
      return () => {
        cancel();
        save();
      };
    },
  };
}
