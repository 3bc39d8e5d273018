/**
 * Trust outlives the process: the router's evidence, and how credible it found others, are loaded at the start and written
 * in batches when they change. It also gives the router its ticks.
 */
import type { Clock } from "../core/clock.ts";
import type { EvidenceRow as KnownEvidence } from "../routing/evidence-row.ts";
import type { Router } from "../routing/router.ts";
import { loadCredibility, upsertCredibility } from "../storage/credibility.ts";
import { loadEvidence, upsertEvidence, type EvidenceRow } from "../storage/evidence.ts";
import type { Store } from "../storage/store.ts";

// Losing a few seconds of evidence in a crash costs a few tasks of learning.
const saveEveryMs = 2_000;
/** The router computes its trust graph at most this often, if anything has changed. */
const tickMs = 1_000;

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
  const rows = (await loadEvidence(store)).map(knownEvidence);
  router.import(rows, clock.monotonic(), clock.now());
  router.importCredibility(await loadCredibility(store));
  const save = (): void => {
    for (const row of router.exportDirty()) {
      const saved = pack(row);
      upsertEvidence(store, saved);
      changed?.(saved);
    }
    for (const row of router.exportCredibility()) upsertCredibility(store, row, clock.now());
  };
  const tick = (): void => router.tick(clock.monotonic(), clock.now());
  return {
    start() {
      const stops = [every(clock, saveEveryMs, save), every(clock, tickMs, tick)];
      return () => {
        for (const stop of stops) stop();
        save();
      };
    },
  };
}

/** Returns the way to end it. */
function every(clock: Clock, ms: number, run: () => void): () => void {
  let cancel = clock.after(ms, function again() {
    run();
    cancel = clock.after(ms, again);
  });
  return () => cancel();
}

// What is not a column of its own is kept as JSON: it is read only as a whole, and by this code alone.
function pack(row: KnownEvidence): EvidenceRow {
  const { peer, skill, good, bad, badCount, reliability, updatedAt, ...rest } = row;
  const extra = JSON.stringify(rest);
  return { peer, skill, good, bad, badCount, reliability, updatedAt: Math.round(updatedAt), extra };
}

/** A row as it was stored. Older versions kept less; what they counted as good was never checked. Throws what JSON throws. */
export function knownEvidence({ extra, ...row }: EvidenceRow): KnownEvidence {
  const nothing = { right: 0, wrong: 0, valid: 0, alarmChecks: 0, alarmUntil: 0, verdicts: [] };
  const rest = extra === null ? {} : (JSON.parse(extra) as Partial<KnownEvidence>);
  return { ...nothing, firstAt: row.updatedAt, ...rest, ...row };
}
