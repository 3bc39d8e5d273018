/**
 * How many tasks of one key, or of one skill, may be out at once, and how many may start a second. A task over its limit is
 * set aside and comes back when a place or a token is free; the order of those set aside is kept.
 */
import type { TaskRecord } from "./record.ts";

/** What the operator allows for a skill, over all peers. */
export interface SkillLimit {
  /** Out at once. */
  concurrency?: number;
  /** Starts a second, with a burst of one second's worth (at least one). */
  perSecond?: number;
}

interface Gate {
  limit: number;
  out: Set<TaskRecord>;
  waiting: TaskRecord[];
}

interface Bucket {
  perSecond: number;
  tokens: number;
  filledMs: number;
}

export interface KeyedLimits {
  /**
   * Whether the task may go now; then it counts until `release`. Otherwise it was set aside (and comes back through
   * `onFree`), or is to be asked again after that many ms.
   */
  admit(record: TaskRecord, nowMs: number): "go" | "aside" | number;
  /** The task is not out any more. Tolerates tasks that never were. */
  release(record: TaskRecord): void;
  /** It has ended while it was set aside. */
  forget(record: TaskRecord): void;
}

export function createKeyedLimits(
  skills: Readonly<Record<string, SkillLimit>>,
  onFree: (record: TaskRecord) => void,
): KeyedLimits {
  const gates = new Map<string, Gate>();
  const buckets = new Map<string, Bucket>();
  const limited = new Set(Object.keys(skills));

  function gatesOf(record: TaskRecord): [string, number][] {
    const { skill, concurrencyKey, concurrency } = record.spec;
    const all: [string, number][] = [];
    if (concurrencyKey !== undefined) all.push([`key ${concurrencyKey}`, concurrency ?? 1]);
    const ofSkill = limited.has(skill) ? skills[skill]?.concurrency : undefined;
    if (ofSkill !== undefined) all.push([`skill ${skill}`, ofSkill]);
    return all;
  }

  /** ms until a token is there; 0 takes one. */
  function takeToken(skill: string, nowMs: number): number {
    const perSecond = limited.has(skill) ? skills[skill]?.perSecond : undefined;
    if (perSecond === undefined) return 0;
    const most = Math.max(1, perSecond);
    let bucket = buckets.get(skill);
    if (bucket === undefined) buckets.set(skill, (bucket = { perSecond, tokens: most, filledMs: nowMs }));
    bucket.tokens = Math.min(most, bucket.tokens + ((nowMs - bucket.filledMs) / 1_000) * perSecond);
    bucket.filledMs = nowMs;
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / perSecond) * 1_000);
    bucket.tokens -= 1;
    return 0;
  }

  return {
    admit(record, nowMs) {
      // Most tasks have no limit at all: nothing is allocated for them.
      if (record.spec.concurrencyKey === undefined && !limited.has(record.spec.skill)) return "go";
      const passing: Gate[] = [];
      for (const [name, limit] of gatesOf(record)) {
        let gate = gates.get(name);
        if (gate === undefined) gates.set(name, (gate = { limit, out: new Set(), waiting: [] }));
        // The newest word on the limit counts: a key's tasks may disagree.
        gate.limit = limit;
        if (gate.out.size >= limit) {
          gate.waiting.push(record);
          return "aside";
        }
        passing.push(gate);
      }
      const waitMs = takeToken(record.spec.skill, nowMs);
      if (waitMs > 0) return waitMs;
      for (const gate of passing) gate.out.add(record);
      return "go";
    },
    release(record) {
      if (record.spec.concurrencyKey === undefined && !limited.has(record.spec.skill)) return;
      for (const [name] of gatesOf(record)) {
        const gate = gates.get(name);
        if (gate === undefined || !gate.out.delete(record)) continue;
        const next = gate.waiting.shift();
        if (next !== undefined) onFree(next);
        else if (gate.out.size === 0) gates.delete(name);
      }
    },
    forget(record) {
      for (const [name] of gatesOf(record)) {
        const gate = gates.get(name);
        const at = gate?.waiting.indexOf(record) ?? -1;
        if (at >= 0) gate?.waiting.splice(at, 1);
      }
    },
  };
}
