/** This node's own card: its sequence number and life, and the signed bytes that others are given. */
import type { Clock } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import type { Signer } from "../core/signatures.ts";
import { cardVersion, signCard } from "./card-codec.ts";
import type { Card } from "./card.ts";

/** What the node says of itself; this file adds the rest. */
export type CardFacts = Omit<
  Card,
  "version" | "network" | "peer" | "seq" | "issuedAt" | "expiresAt" | "tombstone"
>;

export interface OwnCard {
  /** Signed; made anew when the last one has used up a third of its life. */
  current(): Uint8Array;
  /** A new one with the next number. Throws `LimitExceeded` if there is too much on it. */
  renew(): Uint8Array;
  /** The tombstone. From then on `current` is it. */
  goodbye(): Uint8Array;
  /** A card of ours with this number is out there: after the clock went back, ours would be taken for old ones. */
  outdo(seq: number): void;
}

/**
 * The pause between two cards in a mesh of `nodes`: 20 s up to 100 nodes, then longer, so that all of them together send about
 * five a second.
 */
export function cardIntervalMs(nodes: number): number {
  const shared = (nodes / limits.cardMessagesPerSecond) * 1_000;
  return Math.min(Math.max(shared, limits.cardIntervalMs), limits.cardIntervalMaxMs);
}

export function createOwnCard(options: {
  network: string;
  signer: Signer;
  facts: () => CardFacts;
  /** Nodes in the mesh, this one counted. */
  meshSize: () => number;
  clock: Clock;
}): OwnCard {
  const { network, signer, facts, meshSize, clock } = options;
  let lastSeq = 0;
  let signed: Uint8Array | undefined;
  let renewAt = 0;
  let gone = false;

  const issue = (tombstone: boolean): Uint8Array => {
    const issuedAt = clock.now();
    lastSeq = Math.max(issuedAt, lastSeq + 1);
    const interval = Math.round(cardIntervalMs(meshSize()));
    const said = facts();
    renewAt = clock.monotonic() + interval;
    signed = signCard(
      {
        ...said,
        version: cardVersion,
        network,
        peer: signer.peer,
        seq: lastSeq,
        issuedAt,
        expiresAt: issuedAt + 3 * interval,
        tombstone,
        ...(tombstone && { skills: [] }),
      },
      signer,
    );
    return signed;
  };

  return {
    current() {
      return signed === undefined || (!gone && clock.monotonic() >= renewAt) ? issue(gone) : signed;
    },
    renew: () => issue(gone),
    goodbye() {
      gone = true;
      return issue(true);
    },
    outdo(seq) {
      // A number from the far future would leave no room for ours.
      if (seq > lastSeq && seq < 2 ** 52) {
        lastSeq = seq;
        signed = undefined;
      }
    },
  };
}
