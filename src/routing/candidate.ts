/**
 * What routing is given and what it gives back: plain data. Routing is pure: no libp2p, no clock or random source of its
 * own, so that the simulator runs exactly this code.
 */
import type { PeerIdText } from "../core/ids.ts";
import type { Load, Requirements } from "../network/messages.ts";
import type { Resources } from "../network/card.ts";

/**
 * A peer that offers the skill, with what is known of it now. Only the load and its age may change in it: routing keeps what it has
 * read of the rest as long as it is given the same object.
 */
export interface Candidate {
  peer: PeerIdText;
  /** This node itself. */
  local: boolean;
  skillVersion: string;
  /** Credits for one task. */
  price: number;
  resources: Resources;
  role: string;
  tags: readonly string[];
  /** Last load heard, from an answer or a card. */
  load: Load;
  /** Age of `load`, ms. */
  loadAgeMs: number;
  /** It says that the skill's code is loaded and waits for work; absent for not known. */
  warm?: boolean;
  /** An open connection or session. */
  connected: boolean;
  blocked: boolean;
  /** Operator's pin, 0–1, or undefined. */
  pin: number | undefined;
}

export interface RoutingRequest {
  skill: string;
  /** Semver range; "" for any. */
  skillVersion: string;
  requirements: Requirements;
  /** Only this peer. */
  peer: PeerIdText | undefined;
  minTrust: number;
  maxPrice: number | undefined;
  /** Time left for the attempt, ms. */
  timeoutMs: number;
  /** Peers that this task has tried already in a way that speaks against trying again now. */
  exclude: ReadonlySet<PeerIdText>;
  /** What some of them said when they refused it for good. */
  said?: ReadonlyMap<PeerIdText, string>;
  /** Tasks with the same key prefer the same two peers, whose caches are warm; absent for none. */
  affinityKey?: string | undefined;
  /** For a second attempt beside one that is slow: no newcomers, and nobody while all are busy. */
  hedge?: boolean;
}

/** Parts of one candidate's score, ms of expected time to a good result; lower is better. */
export interface ScoreParts {
  rttMs: number;
  /** Service time times the wait for a slot. */
  serviceMs: number;
  /** Price of unreliability: timeouts and losses. */
  unreliabilityMs: number;
  /** Price of wrong results at the sampled trust. */
  distrustMs: number;
  priceMs: number;
  /** Price of poor results, by the ratings of earlier ones; absent in decisions of older versions. */
  qualityMs?: number;
  totalMs: number;
}

export interface ConsideredPeer {
  peer: PeerIdText;
  local: boolean;
  trustMean: number;
  trustLower: number;
  reliability: number;
  /** Attempts of ours in flight there. */
  inFlight: number;
  load: Load;
  score: ScoreParts | null;
  /** Why it was not taken: one of the refusal sentences, or "" for the chosen and its fallbacks. */
  refused: string;
}

/** One decision. `chosen` first, then fallbacks in order; empty when nobody can do it. */
export interface Decision {
  order: PeerIdText[];
  /** How the first was chosen: "pinned-peer", "best", "exploration", "only", "hedge"; "none" when nobody can do it. */
  how: string;
  /** Set when everybody who could do it has asked for time: ms until the first is willing to be asked again. */
  retryAfterMs?: number;
  /**
   * Up to 16: those in `order`, then the refused, then those that could have done it and were not drawn. JSON-serialisable:
   * it is stored with the attempt.
   */
  considered: ConsideredPeer[];
  /** Peers beyond those. */
  omitted: number;
  /** Set when some of the drawn were asked for their load first. */
  probes?: { asked: number; answered: number; waitedMs: number };
}
