/**
 * Brings the book of a node that joins up to date: asks the first few peers that it dials, and one more from time to time for
 * what gossip may have missed. Also this side's answers: what to offer, and what to make of what comes.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { SignedAttestation } from "#protocols/trust";
import { SignedAttestation as SignedCodec } from "#protocols/trust";
import type { Clock, Random } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import { wireEquivocation } from "./attestation-codec.ts";
import {
  isSilenced,
  lacks,
  readDigests,
  readTags,
  silencedDigest,
  tagBytes,
  tagOf,
} from "./attestation-digests.ts";
import type { AttestationBook, Held, Taken } from "./attestations.ts";
import type { Host } from "./host.ts";
import { syncTrust, trustProtocol, type TrustSource } from "./protocols/trust.ts";

const fullSyncs = 3;
const againMs = 10 * 60_000;
// A signature takes 130 µs to check: so many hold the event loop for two milliseconds.
const checksPerTurn = 16;
// Who sent what no honest node hands on.
const coolDownMs = 60 * 60_000;
const coolDownPeers = 1_024;

/** What a sync is told and asks, over the book. */
export function trustSource(options: {
  network: string;
  book: AttestationBook;
  worth: (issuer: PeerIdText) => number;
  take: (signed: Uint8Array) => Taken;
  clock: Clock;
}): TrustSource {
  const { book, clock } = options;

  /** Those whose word is worth most first, of equals the newest. */
  const ranked = (all: Iterable<Held>): Held[] =>
    Array.from(all, (held) => ({ held, worth: options.worth(held.attestation.issuer) }))
      .toSorted((a, b) => b.worth - a.worth || b.held.attestation.issuedAt - a.held.attestation.issuedAt)
      .map(({ held }) => held);

  return {
    network: options.network,
    clock,
    digests: () =>
      Buffer.concat([
        ...Array.from(book.all(), ({ digest }) => digest),
        ...Array.from(book.proofs(), ({ issuer }) => silencedDigest(issuer)),
      ]),
    offer(digests) {
      const theirs = readDigests(digests);
      if (theirs === undefined) return undefined;
      const lacking: Held[] = [];
      const rest = new Map(theirs);
      for (const held of book.all()) {
        const tag = held.digest.toString("latin1", 0, tagBytes);
        const known = rest.get(tag);
        if (lacks(known, held.digest)) lacking.push(held);
        if (known !== undefined && (isSilenced(known) || !lacks(held.digest, known))) rest.delete(tag);
      }
      const equivocations = [];
      for (const proof of book.proofs()) {
        const tag = tagOf(proof.issuer).toString("latin1");
        const known = rest.get(tag);
        rest.delete(tag);
        if (known === undefined || !isSilenced(known)) equivocations.push(wireEquivocation(proof));
      }
      const tags = rest
        .entries()
        // A proof is not asked for: it is gossiped, and comes with the next sync that this side begins.
        .filter(([, digest]) => !isSilenced(digest))
        .map(([tag]) => Buffer.from(tag, "latin1"))
        .take(limits.attestationsPerSync);
      return {
        attestations: ranked(lacking).map(wireOf),
        equivocations: equivocations.toReversed(),
        wanted: Buffer.concat([...tags]),
      };
    },
    pick(wanted) {
      const tags = readTags(wanted, limits.attestationsPerSync);
      if (tags === undefined) return undefined;
      const asked = new Set(tags);
      const found = [...book.all()].filter(({ digest }) => asked.has(digest.toString("latin1", 0, tagBytes)));
      return ranked(found).map(wireOf);
    },
    async heard(batch, peer, signal) {
      for (const proof of batch.equivocations) {
        if (book.prove(proof) === undefined) throw hostile(peer, "a proof that proves nothing");
      }
      let checked = 0;
      for (const signed of batch.attestations) {
        const { verdict, problem } = options.take(SignedCodec.encode(signed));
        if (verdict === "hostile") throw hostile(peer, problem ?? "what no honest node makes");
        if (++checked % checksPerTurn === 0) {
          await turn();
          signal.throwIfAborted();
        }
      }
    },
  };
}

function wireOf({ body, signature }: Held): SignedAttestation {
  return { attestation: Buffer.from(body), signature: Buffer.from(signature) };
}

function hostile(peer: PeerIdText, what: string): ErrandError {
  return new ErrandError("ProtocolViolation", `${peer} sent ${what}`);
}

/** Begins with the peers that connect from now on; the returned function ends it. */
export function startTrustSync(options: {
  host: Host;
  source: TrustSource;
  clock: Clock;
  random: Random;
  stopping: AbortSignal;
  log: Log;
}): () => void {
  const { host, source, clock, random, stopping, log } = options;
  const coolingDown = new Map<PeerIdText, number>();
  let done = 0;

  async function sync(peer: PeerIdText): Promise<void> {
    if ((coolingDown.get(peer) ?? -Infinity) > clock.monotonic()) return;
    done++;
    try {
      await syncTrust(host, peer, source, stopping);
    } catch (error) {
      // What brought nothing does not count, or three dead peers would leave us without a book.
      done--;
      if (error instanceof ErrandError && error.code === "ProtocolViolation") {
        log.warn({ peer, error: error.message }, "peer handed on what no honest node makes");
        coolingDown.set(peer, clock.monotonic() + coolDownMs);
        if (coolingDown.size > coolDownPeers)
          coolingDown.delete(coolingDown.keys().next().value as PeerIdText);
        return;
      }
      log.debug({ peer, error: String(error) }, "no attestations from peer");
    }
  }

  const stopWatching = host.onPeer({
    identified(peer) {
      if (done < fullSyncs && host.dialled(peer) && host.speaks(peer, trustProtocol)) void sync(peer);
    },
  });
  let cancel = clock.after(againMs * (0.5 + random()), function again() {
    const peers = host.peers().filter((peer) => host.speaks(peer, trustProtocol));
    const peer = peers[Math.floor(random() * peers.length)];
    if (peer !== undefined) void sync(peer);
    cancel = clock.after(againMs * (0.5 + random()), again);
  });
  return () => {
    stopWatching();
    cancel();
  };
}
