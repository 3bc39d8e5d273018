/** What goes out with a task, to the peer that was chosen, and what is heard of it until its outcome. */
import type { PeerIdText } from "../core/ids.ts";
import type { TaskAck } from "../network/messages.ts";
import type { AttemptNews, AttemptOutcome } from "./attempt.ts";
import type { Attempts } from "./attempts.ts";
import type { BlobAccess } from "./blob-access.ts";
import type { Budget } from "./budget.ts";
import type { Run } from "./hedging.ts";
import type { SkillLimit } from "./keyed-limits.ts";
import type { Providers } from "./providers.ts";
import type { TaskRecord } from "./record.ts";
import { requestOf } from "./request.ts";
import { isTerminal } from "./states.ts";
import type { TaskTable } from "./table.ts";

export interface SendingOptions {
  table: TaskTable;
  attempts: Attempts;
  providers: Providers;
  blobs: BlobAccess;
  skillLimits: Readonly<Record<string, SkillLimit>>;
  leaseEpoch: number;
  hedges: Budget;
  /** Whether the task may still go out. */
  wanted(record: TaskRecord): boolean;
  /** Its attempt takes longer than nearly all do. */
  late(record: TaskRecord): void;
}

export function createSending(options: SendingOptions) {
  const { table, attempts, providers, blobs, wanted } = options;

  function send(record: TaskRecord, peer: PeerIdText): Promise<AttemptNews> {
    const events = eventsOf(record, peer);
    const lateAfterMs = mayHedge(record) ? providers.hedgeAfterMs(record, peer) : undefined;
    if (lateAfterMs !== undefined) {
      options.hedges.paid();
      events.late = () => options.late(record);
    }
    const sendNow = (): Promise<AttemptNews> => {
      const request = requestOf(record, record.attempt, options.leaseEpoch, record.startedAt);
      const still = (): boolean => wanted(record);
      return lateAfterMs === undefined
        ? attempts.send(peer, request, events, still)
        : attempts.send(peer, request, events, still, { lateAfterMs });
    };
    if (record.spec.onLost !== "fail") return sendNow();
    // Where at most one start is promised, the attempt must be on disk before it can begin.
    return table.committed().then(() => (wanted(record) ? sendNow() : { kind: "unsent" }));
  }

  /** Of those marked safe to run twice, the ones that nothing else binds to one run at a time. */
  function mayHedge({ spec, moving }: TaskRecord): boolean {
    return (
      spec.idempotent !== false &&
      spec.onLost !== "fail" &&
      spec.check === undefined &&
      spec.peer === undefined &&
      moving === undefined &&
      spec.concurrencyKey === undefined &&
      options.skillLimits[spec.skill] === undefined
    );
  }

  function sendBeside(record: TaskRecord, run: Run): Promise<AttemptOutcome> {
    const { peer, attempt, startedAt } = run;
    const request = requestOf(record, attempt, options.leaseEpoch, startedAt);
    const events = {
      ...eventsOf(record, peer),
      // What users see is the first's.
      acked: (ack: TaskAck, rttMs: number) => providers.acked(peer, rttMs, ack.load),
      progress() {},
    };
    const sent = attempts.send(peer, request, events, () => record.hedge === run && wanted(record), {
      beside: true,
    });
    grant(record, peer);
    return untilOutcome(record, peer, sent);
  }

  function eventsOf(record: TaskRecord, peer: PeerIdText): Parameters<Attempts["send"]>[2] {
    providers.sent(record, peer);
    return {
      accepted() {
        record.attemptsMade++;
        record.unreachableSinceMs = undefined;
      },
      acked(ack, rttMs) {
        providers.acked(peer, rttMs, ack.load);
        if (ack.verdict === "queued")
          table.progress(record, 0, `place ${ack.position} in the worker's queue`);
      },
      started: () => void table.move(record, "running", ""),
      progress(progress) {
        if (isTerminal(record.state)) return;
        if (progress.fraction > 0 || progress.message !== "")
          table.progress(record, progress.fraction, progress.message);
      },
      load: (load) => providers.load(peer, load),
    };
  }

  function grant({ input: { blob } }: TaskRecord, peer: PeerIdText): void {
    if (blob !== undefined) blobs.grant(peer, blob.hash);
  }

  /** Learns from the outcome, when it is one. */
  function learned<News extends AttemptNews>(record: TaskRecord, peer: PeerIdText, news: News): News {
    if (news.kind === "beside") return news;
    const { blob } = record.input;
    if (blob !== undefined) blobs.revoke(peer, blob.hash);
    if (news.kind !== "answered") providers.unanswered(record, peer, news);
    return news;
  }

  /** To the outcome of a run beside another, and of what is left of the first. */
  async function untilOutcome(
    record: TaskRecord,
    peer: PeerIdText,
    running: Promise<AttemptNews>,
  ): Promise<AttemptOutcome> {
    return learned(record, peer, (await running) as AttemptOutcome);
  }

  return { send, sendBeside, eventsOf, grant, learned, untilOutcome };
}
