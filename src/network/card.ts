/** A node's card as plain data: who it is, what it offers, how busy it is. `card-codec.ts` signs and checks it. */
import type { PeerIdText } from "../core/ids.ts";
import type { Load } from "./messages.ts";

export interface Resources {
  cpuCores: number;
  memoryBytes: number;
  storageBytes: number;
  gpus: string[];
  /** linux, darwin, windows, android. */
  platform: string;
  arch: string;
  internet: boolean;
}

export type SkillAccess = "everyone" | "pinned" | "trusted" | "listed";

export interface CardSkill {
  id: string;
  version: string;
  name: string;
  description: string;
  tags: string[];
  /** JSON texts. */
  examples: string[];
  /** SHA-256 of the schema's JSON text, hexadecimal; the text is fetched once by the card protocol. */
  inputSchemaHash: string;
  outputSchemaHash: string;
  deterministic: boolean;
  idempotent: boolean;
  /** Credits for one task. */
  price: number;
  access: SkillAccess;
  inputModes: string[];
  /** A run now finds its code loaded and waiting; absent for not. */
  warm?: boolean;
}

export interface Card {
  version: number;
  network: string;
  peer: PeerIdText;
  /** Grows with every card of a peer: milliseconds since the epoch at issue, or one more than the last. */
  seq: number;
  /** Wall clock of the issuer, ms since the epoch. */
  issuedAt: number;
  expiresAt: number;
  name: string;
  /** Multiaddrs. */
  addresses: string[];
  agent: { name: string; version: string; protocols: string[] };
  resources: Resources;
  role: string;
  tags: string[];
  /** Sandbox tiers that passed their canary. */
  tiers: string[];
  load: Load;
  skills: CardSkill[];
  /** A goodbye. */
  tombstone: boolean;
}

/** A card that was checked, with the bytes that prove it. */
export interface KnownCard {
  card: Card;
  /** Serialised `SignedCard`, as received. */
  signed: Uint8Array;
  /** Local monotonic ms when it was last heard of, directly or by gossip. */
  heardAt: number;
}

/** What the node knows of its peers' skills, kept fresh by gossip, with the DHT behind it. */
export interface CardDirectory {
  /** Changes whenever any card comes, changes its skills or goes; for caches of derived data. */
  readonly generation: number;
  get(peer: PeerIdText): KnownCard | undefined;
  all(): Iterable<KnownCard>;
  /** Live cards that offer the skill, from memory: no network. */
  offering(skillId: string): readonly KnownCard[];
  /**
   * Local cards first, then DHT providers whose card is fetched; yields each peer once as it becomes known. Peers that
   * cannot be reached are left out and forgotten. Ends when the DHT query ends, after `limit` peers, or with the signal.
   */
  find(skillId: string, options: { signal: AbortSignal; limit?: number }): AsyncIterable<KnownCard>;
  /** The card of one peer, fetched by stream if unknown. Throws `PeerUnreachable`. */
  fetch(peer: PeerIdText, signal: AbortSignal): Promise<KnownCard>;
  /** A JSON Schema by its hash, from the cache or from `peer`. Throws `PeerUnreachable`, `NotFound`. */
  schema(hash: string, peer: PeerIdText, signal: AbortSignal): Promise<unknown>;
}
