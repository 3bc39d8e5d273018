/** `sleep`: waits. For trying progress, cancellation, deadlines and queues on a live network. */
import { setTimeout as delay } from "node:timers/promises";
import type { Skill } from "./skill.ts";

/** Progress at this pace, so that a watcher sees movement and a fast link is not filled. */
const stepMs = 250;

export const sleep: Skill<{ seconds: number }, { sleptSeconds: number }> = {
  definition: {
    id: "sleep",
    version: "1.0.0",
    name: "Sleep",
    description:
      "Waits for a number of seconds, reports progress on the way, and stops at once when cancelled.",
    tags: ["diagnostics"],
    input: {
      type: "object",
      properties: {
        seconds: { type: "number", minimum: 0, maximum: 3600, description: "How long to wait." },
      },
      required: ["seconds"],
      additionalProperties: false,
    },
    output: {
      type: "object",
      properties: { sleptSeconds: { type: "number" } },
      required: ["sleptSeconds"],
      additionalProperties: false,
    },
    examples: [{ seconds: 1 }],
    // Not deterministic: the time it takes is its point, and a remembered result would take none.
    deterministic: false,
    idempotent: true,
    timeoutMs: 3_700_000,
  },
  async run({ seconds }, context) {
    const totalMs = seconds * 1000;
    const start = performance.now();
    for (let pastMs = 0; pastMs < totalMs; pastMs = performance.now() - start) {
      context.progress(pastMs / totalMs, `${(pastMs / 1000).toFixed(1)} of ${seconds} s`);
      await delay(Math.min(stepMs, totalMs - pastMs), undefined, { signal: context.signal });
    }
    return { sleptSeconds: seconds };
  },
};
