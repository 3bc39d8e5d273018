/**
 * What peers say of peers, as one thing: the book, its two ways in (gossip, and a sync with whom this node dials), what this node says
 * itself, the alarms, and where all of it is kept. It knows nothing of what the words are worth: that it is told.
 */
import { setImmediate as turn } from "node:timers/promises";
import { SignedFault, type SignedFault as WireSignedFault } from "#protocols/trust";
import type { Clock, Random } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Signer } from "../core/signatures.ts";
import { signFault, type Fault } from "./alarm-codec.ts";
import { createAlarms, type AlarmInForce } from "./alarms.ts";
import { createResponseVerifier } from "./attest.ts";
import { wireEquivocation } from "./attestation-codec.ts";
import { createAttestationPersistence, type AttestationStore } from "./attestation-persistence.ts";
import type { Attestation, Claim, Equivocation } from "./attestation.ts";
import { createAttestationBook, type AttestationBook, type Taken, type Via } from "./attestations.ts";
import { createTrustGossip } from "./gossip/attestations.ts";
import type { Host } from "./host.ts";
import { createOwnAttestation, type OwnAttestation } from "./own-attestation.ts";
import { serveTrust } from "./protocols/trust.ts";
import { createTokenBuckets } from "./token-buckets.ts";
import { startTrustSync, trustSource } from "./trust-sync.ts";

export interface TrustNetworkOptions {
  host: Host;
  signer: Signer;
  store: AttestationStore;
  /** What this node has to say of others now. */
  claims: () => readonly Claim[];
  /** They are about to be published. */
  said: () => void;
  /** Claims that the operator keeps to himself. */
  isWithheld: (subject: PeerIdText) => boolean;
  /** What an issuer's word is worth here; above 0 somebody whose word counts vouches for it. */
  worth: (issuer: PeerIdText) => number;
  isBlocked: (peer: PeerIdText) => boolean;
  meshSize: () => number;
  /** Told in the turn in which it happens. */
  heard: {
    attestation(attestation: Attestation): void;
    dropped(issuer: PeerIdText): void;
    equivocation(proof: Equivocation): void;
    alarm(alarm: AlarmInForce, fault: Fault): void;
  };
  clock: Clock;
  random: Random;
  log: Log;
}

export interface TrustNetwork {
  readonly book: AttestationBook;
  readonly own: OwnAttestation;
  counters(): Record<string, number>;
  alarmsInForce(): AlarmInForce[];
  /**
   * Tells the mesh that a worker signed a wrong result: each provider and skill once in a while, and not too many in a row.
   * False if it was left out for that.
   */
  raiseAlarm(fault: Pick<Fault, "wrong" | "groundedHash" | "other">): Promise<boolean>;
  /** A proof from a file: true if it is one that was not known, undefined if it is none. */
  prove(proof: Equivocation): boolean | undefined;
  /** Attestations from a file or the disk, a few in each turn; counts by verdict. */
  takeAll(all: Iterable<Uint8Array>, signal: AbortSignal): Promise<Record<string, number>>;
  /** Before the host starts: whoever connects first is to find the protocol. */
  serve(): Promise<void>;
  /** Once the host listens. */
  start(): void;
  /** Tolerates never-started and stopped-twice. */
  stop(): void;
}

const expireEveryMs = 60_000;
// A signature takes 130 µs to check: so many hold the event loop for two milliseconds.
const checksPerTurn = 16;

/** Loads what is stored. Nothing is sent before `start()`. */
export async function createTrustNetwork(options: TrustNetworkOptions): Promise<TrustNetwork> {
  const { host, store, heard, worth, isBlocked, clock, random, log } = options;
  const { network } = host;
  const stored = await store.load();
  const stopping = new AbortController();
  const isVouched = (peer: PeerIdText): boolean => worth(peer) > 0;
  // What comes from the disk is there already.
  let loading = true;

  const book = createAttestationBook({
    self: host.peer,
    network,
    clock,
    worth,
    isBlocked,
    watcher: {
      taken(attestation) {
        if (!loading) persistence.changed(attestation.issuer);
        heard.attestation(attestation);
      },
      dropped(issuer) {
        persistence.changed(issuer);
        heard.dropped(issuer);
      },
      equivocation(proof) {
        if (!loading) store.saveEquivocation(proof, clock.now());
        heard.equivocation(proof);
      },
    },
  });
  const persistence = createAttestationPersistence({ store, book, isVouched, clock, log });
  const alarms = createAlarms({
    self: host.peer,
    network,
    clock,
    verify: createResponseVerifier(),
    isBlocked,
    isVouched,
    raised: heard.alarm,
  });
  /** Who finds out says so; those who hear of it hand on what they heard. */
  const tell = (issuer: PeerIdText): void => {
    const proof = book.proofOf(issuer);
    if (proof !== undefined && !loading) void gossip.publishAlarm({ equivocation: wireEquivocation(proof) });
  };
  const take = (signed: Uint8Array, via: Via): Taken => {
    const taken = book.take(signed, via);
    const { verdict, issuer, seq } = taken;
    if (verdict === "own" && seq !== undefined) own.outdo(seq);
    if (verdict === "equivocation" && issuer !== undefined) tell(issuer);
    return taken;
  };
  const gossip = createTrustGossip({
    pubsub: host.pubsub,
    network,
    take: (signed, author) => take(signed, { author }),
    takeFault: (signed) => alarms.take(signed),
    prove: (wire, admit) => book.prove(wire, admit),
    isVouched,
    clock,
    log,
  });
  const own = createOwnAttestation({
    network,
    signer: options.signer,
    claims: options.claims,
    said: options.said,
    isWithheld: options.isWithheld,
    last: stored.own,
    async save(signed, seq) {
      const expiresAt = clock.now() + limits.attestationLifetimeMs;
      await store.saveOwn({ issuer: host.peer, seq, expiresAt, signed });
    },
    async publish(signed) {
      book.setOwn(signed);
      await gossip.publish(signed);
    },
    meshSize: options.meshSize,
    clock,
    random,
    log,
  });
  const source = trustSource({ network, book, worth, take: (signed) => take(signed, "relay"), clock });
  const raise = createRaising({ ...options, network, publish: (fault) => gossip.publishAlarm({ fault }) });

  async function takeAll(all: Iterable<Uint8Array>, signal: AbortSignal): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    let checked = 0;
    for (const signed of all) {
      const { verdict } = take(signed, "relay");
      counts[verdict] = (counts[verdict] ?? 0) + 1;
      if (++checked % checksPerTurn === 0) await turn();
      signal.throwIfAborted();
    }
    return counts;
  }

  for (const { first, second } of stored.equivocations)
    book.prove(wireEquivocation({ issuer: "", first, second }));
  await takeAll(stored.attestations, stopping.signal);
  if (stored.own.signed !== undefined) book.setOwn(stored.own.signed);
  loading = false;
  const cleanUp: (() => void)[] = [];

  return {
    book,
    own,
    counters: () => ({ ...book.counters, ...alarms.counters, trustGossipDropped: host.droppedGossip }),
    alarmsInForce: () => alarms.inForce(),
    raiseAlarm: raise,
    prove(proof) {
      try {
        return book.prove(wireEquivocation(proof));
      } catch {
        return undefined;
      }
    },
    takeAll,
    async serve() {
      await serveTrust(host, source);
      cleanUp.push(startTrustSync({ host, source, clock, random, stopping: stopping.signal, log }));
    },
    start() {
      if (stopping.signal.aborted) return;
      gossip.start();
      own.start();
      persistence.start();
      let cancel = clock.after(expireEveryMs, function again() {
        book.expire();
        alarms.expire();
        cancel = clock.after(expireEveryMs, again);
      });
      cleanUp.push(
        () => cancel(),
        () => persistence.stop(),
        () => own.stop(),
        () => gossip.stop(),
      );
    },
    stop() {
      stopping.abort(new ErrandError("ShuttingDown", "the node is stopping"));
      for (const run of cleanUp.splice(0)) run();
    },
  };
}

/** Alarms of this node's own. What others would drop as too much is not sent. */
function createRaising(options: {
  network: string;
  signer: Signer;
  publish: (fault: WireSignedFault) => Promise<void>;
  clock: Clock;
}): TrustNetwork["raiseAlarm"] {
  const { network, signer, clock } = options;
  const pace = createTokenBuckets({
    burst: limits.alarmBurst,
    everyMs: limits.alarmEveryMs,
    peers: 1,
    clock,
  });
  // As long as it makes others check the provider, saying it again changes nothing.
  const raised = new Map<string, number>();
  return async ({ wrong, groundedHash, other }) => {
    const now = clock.monotonic();
    const key = `${wrong.worker} ${wrong.skill}`;
    if ((raised.get(key) ?? -Infinity) > now || !pace.take("own")) return false;
    raised.delete(key);
    raised.set(key, now + limits.alarmForcesMs);
    if (raised.size > limits.alarmsKept) raised.delete(raised.keys().next().value as string);
    const fault = { wrong, groundedHash, issuedAt: clock.now(), ...(other !== undefined && { other }) };
    await options.publish(SignedFault.decode(signFault(fault, network, signer)));
    return true;
  };
}
