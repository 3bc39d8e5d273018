/** The metrics of all peers that were ever tried, and of each skill over all of them. Bounded. */
import { limits } from "../core/limits.ts";
import type { PeerIdText } from "../core/ids.ts";
import { newMetrics, observeService } from "./metrics.ts";
import type { PeerMetrics } from "./metrics.ts";

/** Assumed of a skill that nobody has run for us yet. Not 0: a queue of nothing would look empty however long it is. */
const unknownServiceMs = 100;
const skillWeight = 0.1;

export class MetricsTable {
  readonly #peers = new Map<PeerIdText, PeerMetrics>();
  readonly #skills = new Map<string, number>();
  readonly #maxPeers: number;
  readonly #onPeer: (peer: PeerIdText) => void;
  readonly #onChange: (peer: PeerIdText) => void;

  /**
   * `onPeer` is told of every peer whose record, or whose record of a skill, appears or goes; `onChange` of every one whose record
   * is taken to be changed.
   */
  constructor(
    options: {
      maxPeers?: number;
      onPeer?: (peer: PeerIdText) => void;
      onChange?: (peer: PeerIdText) => void;
    } = {},
  ) {
    this.#maxPeers = options.maxPeers ?? limits.evidencePeers;
    this.#onPeer = options.onPeer ?? (() => {});
    this.#onChange = options.onChange ?? (() => {});
  }

  get size(): number {
    return this.#peers.size;
  }

  get(peer: PeerIdText): PeerMetrics | undefined {
    return this.#peers.get(peer);
  }

  /** The record to change, made if it is new. */
  of(peer: PeerIdText): PeerMetrics {
    let metrics = this.#peers.get(peer);
    if (metrics === undefined) {
      if (this.#peers.size >= this.#maxPeers) this.#evict();
      metrics = newMetrics();
      this.#peers.set(peer, metrics);
      this.#onPeer(peer);
    } else this.#onChange(peer);
    return metrics;
  }

  service(peer: PeerIdText, skill: string, wallMs: number, now: number): void {
    if (observeService(this.of(peer), skill, wallMs, now)) this.#onPeer(peer);
    const average = this.#skills.get(skill);
    if (!(wallMs >= 0) || wallMs === Infinity) return;
    if (average === undefined && this.#skills.size >= limits.routedSkills)
      this.#skills.delete(this.#skills.keys().next().value ?? "");
    this.#skills.set(skill, average === undefined ? wallMs : average + skillWeight * (wallMs - average));
  }

  /** The same, or undefined while nobody has run it for us. */
  measuredMs(skill: string): number | undefined {
    return this.#skills.get(skill);
  }

  /** Average run time of a skill over all peers, ms. */
  serviceMs(skill: string): number {
    return this.#skills.get(skill) ?? unknownServiceMs;
  }

  /** Drops the sixteenth part that was heard of longest ago; never one with attempts out, whose count must stay exact. */
  #evict(): void {
    const idle = Array.from(this.#peers).filter(([, m]) => m.inFlight === 0);
    const heardAt = (m: PeerMetrics): number => Math.max(m.rttAt, m.loadAt, m.ejectedUntil);
    idle.sort((x, y) => heardAt(x[1]) - heardAt(y[1]));
    for (const [peer] of idle.slice(0, Math.ceil(this.#maxPeers / 16))) {
      this.#peers.delete(peer);
      this.#onPeer(peer);
    }
  }
}
