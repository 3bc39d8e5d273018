/**
 * Spot checks with known answers: questions to which this node knows the right answer, asked of peers while the node has
 * nothing better to do. A canary looks like the task that it repeats. Each is asked of a peer once, and of a few peers in all: one
 * that many have seen is one that friends can tell each other of. They are made from own tasks, and never given to other nodes.
 */
import type { Clock, Random } from "../../core/clock.ts";
import type { Body } from "../../core/body.ts";
import type { PeerIdText, TaskId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { CardDirectory } from "../../network/card.ts";
import type { PeerStanding } from "../providers.ts";
import type { TaskState } from "../states.ts";
import type { TaskTable } from "../table.ts";
import type { TaskRecord } from "../record.ts";
import type { TaskSpec } from "../task.ts";
import { checkOf, type Asking } from "./asking.ts";
import type { Faults } from "./faults.ts";
import { answeredBy, type Answered } from "./held.ts";
import type { Ledger } from "./ledger.ts";
import type { Others } from "./others.ts";
import { sameHash } from "./outputs.ts";
import type { TrustSource } from "./blame.ts";

interface Canary {
  skill: string;
  version: string;
  input: Body;
  /** Of the task that it repeats: what its worker sees of it. */
  spec: TaskSpec;
  right: Answered;
  /** Who had the question, as a task or as a canary. */
  seen: Set<PeerIdText>;
  asked: number;
}

export interface CanariesOptions {
  self: PeerIdText;
  perHour: number;
  table: TaskTable;
  asking: Asking;
  others: Others;
  trust: TrustSource;
  faults: Faults;
  ledger: Ledger;
  directory: Pick<CardDirectory, "offering">;
  standing: PeerStanding;
  clock: Clock;
  random: Random;
}

export interface Canaries {
  /** A task whose right answer is known, and who has seen its input. */
  learn(record: TaskRecord, right: Answered, seen: ReadonlySet<PeerIdText>): void;
  /** One question, if the node is idle, somebody is to be asked, and there is something to ask. Resolves when it is over. */
  ask(): Promise<boolean>;
  readonly size: number;
  /** Asks now and then; the returned function ends it. */
  start(): () => void;
}

// A canary that so many have seen is retired.
const askedAtMost = 4;
const busy: ReadonlySet<TaskState> = new Set(["queued", "assigned", "preparing", "running", "verifying"]);
const hourMs = 3_600_000;
const answerMs = 30_000;

export function createCanaries(options: CanariesOptions): Canaries {
  const { self, table, others, trust, random, clock } = options;
  const known: Canary[] = [];

  const unlisten =
    options.perHour === 0
      ? () => undefined
      : table.onMove((record) => {
          // What this node ran itself nobody else has seen.
          if (record.state !== "completed" || record.peer !== self || record.cached) return;
          if (record.spec.check !== undefined || !others.isDeterministic(record.spec.skill)) return;
          const right = answeredBy(record);
          if (right !== undefined) learn(record, right, new Set());
        });

  function learn(record: TaskRecord, right: Answered, seen: ReadonlySet<PeerIdText>): void {
    const { spec, input } = record;
    if (options.perHour === 0 || (input.bytes?.length ?? Infinity) > limits.canaryBytes) return;
    // Meant for one peer alone.
    if (spec.peer !== undefined) return;
    const ofSkill = known.filter(({ skill }) => skill === spec.skill);
    const oldest = ofSkill.length >= limits.canariesPerSkill ? ofSkill[0] : undefined;
    if (oldest !== undefined) known.splice(known.indexOf(oldest), 1);
    else if (known.length >= limits.canaries) known.shift();
    const { skill } = spec;
    // Its output is compared by its hash alone.
    const slim = {
      ...right,
      output: { body: { bytes: new Uint8Array(0), type: "" }, hash: right.output.hash },
    };
    known.push({
      skill,
      version: right.executedVersion,
      input,
      spec,
      right: slim,
      seen: new Set(seen),
      asked: 0,
    });
  }

  /** Whose next answer leaves most doubt, and a question that it has not seen. */
  function pick(): { canary: Canary; peer: PeerIdText } | undefined {
    let best: { canary: Canary; peer: PeerIdText; doubt: number } | undefined;
    for (const canary of known) {
      for (const { card } of options.directory.offering(canary.skill)) {
        const { peer } = card;
        if (canary.seen.has(peer) || others.isTruth(peer)) continue;
        if (options.standing.isBlocked(peer) || !options.standing.isConnected(peer)) continue;
        if (card.skills.find(({ id }) => id === canary.skill)?.version !== canary.version) continue;
        // Equal doubt is drawn for.
        const doubt = trust.probability(peer, canary.skill) + random() * 1e-3;
        if (best === undefined || doubt > best.doubt) best = { canary, peer, doubt };
      }
    }
    return best;
  }

  function isIdle(): boolean {
    for (const { state } of table.live.values()) if (busy.has(state)) return false;
    return true;
  }

  async function ask(): Promise<boolean> {
    const picked = isIdle() ? pick() : undefined;
    if (picked === undefined) return false;
    const { canary, peer } = picked;
    canary.seen.add(peer);
    if (++canary.asked >= askedAtMost) known.splice(known.indexOf(canary), 1);
    const { skill, spec, input, version } = canary;
    const { answer } = await options.asking.askAlone({
      ...checkOf(spec),
      skill,
      skillVersion: others.range(skill, version, spec.skillVersion),
      input,
      peer,
      taskTimeoutMs: spec.attemptTimeoutMs + answerMs,
      check: "canary",
    });
    if (answer?.executedVersion !== version) return true;
    judge(canary, answer);
    return true;
  }

  function judge(canary: Canary, answer: Answered): void {
    const nowAt = clock.now();
    const ok = sameHash(answer.output.hash, canary.right.output.hash);
    const reason = ok ? "" : "its result differs from the one that is known";
    const taskId: TaskId = answer.taskId;
    options.ledger.note(
      {
        taskId,
        attempt: answer.attempt,
        peer: answer.peer,
        rule: "canary",
        verdict: ok ? "passed" : "failed",
        grounded: true,
        reason,
        others: [],
      },
      nowAt,
    );
    trust.verdict(answer.peer, canary.skill, ok ? "grounded" : "bad", reason, taskId);
    const record = table.get(taskId);
    if (!ok && record !== undefined) options.faults.wrong(record, answer, canary.right, reason, nowAt);
  }

  return {
    learn,
    ask,
    get size() {
      return known.length;
    },
    start() {
      if (options.perHour === 0) return unlisten;
      let stopped = false;
      let cancel: () => void = () => undefined;
      const later = (): void => {
        // Between half and one and a half of the pause: nobody is to wait for it.
        if (!stopped) cancel = clock.after((hourMs / options.perHour) * (0.5 + random()), again);
      };
      const again = (): void => void ask().then(later, later);
      later();
      return () => {
        stopped = true;
        cancel();
        unlisten();
      };
    },
  };
}
