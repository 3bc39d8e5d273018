/**
 * What decides where one client's tasks go. One instance for each client; it learns only from what reaches that client:
 * cards, acknowledgements, answers, verdicts, and what it asks for itself.
 */
import type { Random } from "../../../src/core/clock.ts";
import type { Load } from "../../../src/network/messages.ts";
import type { SimNode, World } from "../world.ts";

/** A task as its client's policy sees it. */
export interface Asked {
  id: number;
  skill: number;
  /** Peers that this task was at already, and the client itself. */
  tried: ReadonlySet<string>;
  /** Time left for an attempt, ms. */
  timeoutMs: number;
}

export interface PolicyContext {
  world: World;
  self: SimNode;
  random: Random;
}

/** How an attempt ended. "unchecked" is an answer that nobody compared with the truth. */
export type End = "good" | "bad" | "unchecked";

export interface ProbeReply {
  load: Load;
  /** The worker's own estimate of the latency there, ms; 0 if it has none. */
  estimateMs: number;
}

export interface Policy {
  /**
   * Peers to ask for their load before the choice. `wait`: so many replies are waited for, at most `forMs`; 0 to go on
   * at once, with the replies for later tasks.
   */
  probes?(task: Asked, now: number): { peers: readonly string[]; wait: number; forMs: number };
  probed?(peer: string, reply: ProbeReply, rttMs: number, now: number, task: number): void;
  /** Whom to offer the task to, in order; empty when nobody can do it. */
  choose(task: Asked, now: number): readonly string[];
  /** When a second attempt should start beside the first, ms from now; Infinity for never. */
  hedgeAfterMs?(task: Asked, peer: string, now: number): number;
  /** Who gets it; undefined for nobody after all. */
  hedge?(task: Asked, now: number): string | undefined;
  sent?(peer: string, skill: number, now: number): void;
  acked?(peer: string, rttMs: number, load: Load, now: number): void;
  refused?(peer: string, load: Load, retryAfterMs: number, now: number): void;
  /** `runMs`: as measured by the client; `latencyMs`: from sending to the answer. */
  ended?(
    peer: string,
    skill: number,
    end: End,
    outcome: { runMs: number; latencyMs: number; load: Load },
    now: number,
  ): void;
  timedOut?(peer: string, skill: number, now: number): void;
  /** No connection to the peer. */
  lost?(peer: string, skill: number, now: number): void;
  /** Ended by the client itself after `afterMs`, because another attempt won. */
  overtaken?(peer: string, skill: number, afterMs: number): void;
  /** Chance that an answer of the peer is checked. */
  verifyProbability?(peer: string, skill: number, now: number): number;
  /** Another client showed that an answer of the peer was wrong. */
  alarm?(peer: string, skill: number, now: number): void;
}
