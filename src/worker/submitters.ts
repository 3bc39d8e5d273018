/** What the worker remembers of each submitter: its rate and how much of its work is here. Bounded. */
import type { Bucket } from "./admission.ts";

export interface Submitter {
  /** Jobs of it here, waiting or running. */
  inFlight: number;
  bucket: Bucket;
}

/** Bounds what strangers can make the worker remember; who has work here is never forgotten. */
const kept = 4_096;

export function createSubmitters(perSecond: number): (name: string, nowMs: number) => Submitter {
  const known = new Map<string, Submitter>();
  return (name, nowMs) => {
    let submitter = known.get(name);
    if (submitter === undefined) {
      if (known.size >= kept) {
        for (const [other, { inFlight }] of known) if (inFlight === 0) known.delete(other);
      }
      submitter = { inFlight: 0, bucket: { tokens: perSecond, at: nowMs } };
      known.set(name, submitter);
    }
    return submitter;
  };
}
