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
  /** Set aside, in order. */
  waiting: Set<TaskRecord>;
  /** Called back for a place that is free, and not here yet: the place is theirs. */
  called: Set<TaskRecord>;
}

interface Bucket {
  tokens: number;
  filledMs: number;
}

export interface KeyedLimits {
  /**
   * Whether the task may go now; then it counts until `release`. Otherwise it was set aside (and comes back through
   * `onFree`), or is to be asked again after that many ms.
   */
  admit(record: TaskRecord, nowMs: number): "go" | "aside" | number;
  /** Counts a task that is out already, however many are: it was taken up after a restart. */
  take(record: TaskRecord): void;
  /** The task is not out any more. Tolerates tasks that never were. */
  release(record: TaskRecord): void;
  /** It waits no longer: ended, paused, or waiting elsewhere. A place that was kept for it goes to the next. */
  forget(record: TaskRecord): void;
}

/** `onFree` must end in `admit` or `forget` of the task, at once or later. */
export function createKeyedLimits(
  skills: Readonly<Record<string, SkillLimit>>,
  onFree: (record: TaskRecord) => void,
): KeyedLimits {
  const gates = new Map<string, Gate>();
  const buckets = new Map<string, Bucket>();
  const limited = new Set(Object.keys(skills));

  const isLimited = ({ spec }: TaskRecord): boolean =>
    spec.concurrencyKey !== undefined || limited.has(spec.skill);

  /** The newest word on a limit counts: a key's tasks may disagree. */
  function gatesOf({ spec }: TaskRecord): Gate[] {
    const all: Gate[] = [];
    if (spec.concurrencyKey !== undefined)
      all.push(gate(`key ${spec.concurrencyKey}`, spec.concurrency ?? 1));
    const ofSkill = limited.has(spec.skill) ? skills[spec.skill]?.concurrency : undefined;
    if (ofSkill !== undefined) all.push(gate(`skill ${spec.skill}`, ofSkill));
    return all;
  }

  function gate(name: string, limit: number): Gate {
    let found = gates.get(name);
    if (found === undefined)
      gates.set(name, (found = { limit, out: new Set(), waiting: new Set(), called: new Set() }));
    found.limit = limit;
    return found;
  }

  /** Calls back as many as there are places that nobody has or was called for. */
  function callNext(open: readonly Gate[]): void {
    for (const one of open) {
      while (one.out.size + one.called.size < one.limit) {
        const next = one.waiting.values().next().value;
        if (next === undefined) break;
        one.waiting.delete(next);
        one.called.add(next);
        onFree(next);
      }
    }
    for (const [name, one] of gates)
      if (one.out.size + one.called.size + one.waiting.size === 0) gates.delete(name);
  }

  /** ms until a token is there; 0 takes one. */
  function takeToken(skill: string, nowMs: number): number {
    const perSecond = limited.has(skill) ? skills[skill]?.perSecond : undefined;
    if (perSecond === undefined) return 0;
    const most = Math.max(1, perSecond);
    let bucket = buckets.get(skill);
    if (bucket === undefined) buckets.set(skill, (bucket = { tokens: most, filledMs: nowMs }));
    bucket.tokens = Math.min(most, bucket.tokens + ((nowMs - bucket.filledMs) / 1_000) * perSecond);
    bucket.filledMs = nowMs;
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / perSecond) * 1_000);
    bucket.tokens -= 1;
    return 0;
  }

  function verdictOn(record: TaskRecord, own: readonly Gate[], nowMs: number): "go" | "aside" | number {
    const full = own.find((one) => one.out.size + one.called.size >= one.limit);
    if (full !== undefined) {
      full.waiting.add(record);
      return "aside";
    }
    const waitMs = takeToken(record.spec.skill, nowMs);
    if (waitMs > 0) return waitMs;
    for (const one of own) one.out.add(record);
    return "go";
  }

  return {
    admit(record, nowMs) {
      // Most tasks have no limit at all: nothing is allocated for them.
      if (!isLimited(record)) return "go";
      const own = gatesOf(record);
      let wasCalled = false;
      for (const one of own) wasCalled = one.called.delete(record) || wasCalled;
      const verdict = verdictOn(record, own, nowMs);
      // Called and not taken: the place is free for somebody else.
      if (wasCalled && verdict !== "go") callNext(own);
      return verdict;
    },
    take(record) {
      if (isLimited(record)) for (const one of gatesOf(record)) one.out.add(record);
    },
    release(record) {
      if (!isLimited(record)) return;
      const own = gatesOf(record);
      for (const one of own) one.out.delete(record);
      callNext(own);
    },
    forget(record) {
      if (!isLimited(record)) return;
      const own = gatesOf(record);
      for (const one of own) {
        one.waiting.delete(record);
        one.called.delete(record);
      }
      callNext(own);
    },
  };
}
