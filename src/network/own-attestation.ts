/**
 * What this node itself says of others: a new attestation when its claims have changed, at most so often, with a number that is on disk
 * before anybody sees it, so that no restart and no crash uses one twice. Taking a claim back is an attestation without it.
 */
import type { Clock, Random } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Signer } from "../core/signatures.ts";
import { readAttestation, signAttestation } from "./attestation-codec.ts";
import type { Claim } from "./attestation.ts";

export interface OwnAttestation {
  /** The last one; undefined before the first. */
  readonly signed: Uint8Array | undefined;
  readonly seq: number;
  /** Looks for changes from now on. */
  start(): void;
  /** Says at once what is to be said now, whether it changed or not. On disk and on its way when it resolves. */
  issue(): Promise<void>;
  /** One of ours with this number is out there: after the clock went back and the disk was lost, ours would be taken for old. */
  outdo(seq: number): void;
  stop(): void;
}

export interface OwnAttestationOptions {
  network: string;
  signer: Signer;
  /** What there is to say now. */
  claims: () => readonly Claim[];
  /** Others have it from now on, or are about to. */
  said: () => void;
  /** The operator has it withheld. */
  isWithheld: (subject: PeerIdText) => boolean;
  /** As it was last stored. */
  last: { seq: number; signed: Uint8Array | undefined };
  /** Resolves when it is on disk. */
  save: (signed: Uint8Array, seq: number) => Promise<void>;
  /** Hands it out. Those who have it go no further with it, so saying it again costs little. */
  publish: (signed: Uint8Array) => Promise<void>;
  /** Nodes in the mesh, this one counted. */
  meshSize: () => number;
  clock: Clock;
  random: Random;
  log: Log;
}

const lookEveryMs = 5_000;
// Gossip reaches nobody to whom the way is not there yet, and those who have heard two within a minute hear no third: it is said
// again soon, and then from time to time for those who missed it.
const againMs = [5_000, 25_000, 45_000];
const againLaterMs = 10 * 60_000;
// Long before the last one expires, so that a node that is away for some hours is not forgotten.
const renewMs = limits.attestationLifetimeMs / 2;

/** The pause between two of one node: a minute, and longer in a mesh so large that all of them would say too much together. */
export function attestationIntervalMs(nodes: number): number {
  return Math.max(limits.attestationEveryMs, (nodes / limits.attestationsPerSecond) * 1_000);
}

export function createOwnAttestation(options: OwnAttestationOptions): OwnAttestation {
  const { network, signer, clock, random, log } = options;
  let { seq, signed } = options.last;
  // What the last one said, and when, monotonic; "" when nothing was ever said.
  let said = "";
  let issuedAt = -Infinity;
  const stored = signed === undefined ? undefined : readAttestation(signed, network, undefined);
  if (stored !== undefined && stored.problem === undefined) {
    said = contentOf(stored.attestation.claims);
    issuedAt = clock.monotonic() - Math.max(0, clock.now() - stored.attestation.issuedAt);
  }
  let issuing: Promise<void> = Promise.resolve();
  let cancel = (): void => {};
  let cancelAgain = (): void => {};
  let running = false;

  const sayAgain = (bytes: Uint8Array, times: number): void => {
    cancelAgain();
    cancelAgain = clock.after(againMs[times] ?? againLaterMs, () => {
      if (!running || signed !== bytes) return;
      void options.publish(bytes);
      sayAgain(bytes, times + 1);
    });
  };

  const current = (): Claim[] =>
    options
      .claims()
      .filter(({ subject }) => !options.isWithheld(subject))
      .slice(0, limits.claimsPerAttestation);

  async function issueNow(claims: readonly Claim[]): Promise<void> {
    const now = clock.now();
    seq = Math.max(now, seq + 1);
    const own = seq;
    const bytes = signAttestation(
      { seq: own, issuedAt: now, expiresAt: now + limits.attestationLifetimeMs, claims },
      network,
      signer,
    );
    await options.save(bytes, own);
    signed = bytes;
    said = contentOf(claims);
    options.said();
    await options.publish(bytes);
    sayAgain(bytes, 0);
  }

  /** One after the other, or numbers would be out of order. */
  function issue(claims: readonly Claim[]): Promise<void> {
    // At once: while the disk is slow no more of them are to pile up.
    issuedAt = clock.monotonic();
    issuing = issuing.catch(() => undefined).then(() => issueNow(claims));
    return issuing;
  }

  const isDue = (claims: readonly Claim[]): boolean => {
    const age = clock.monotonic() - issuedAt;
    if (age < attestationIntervalMs(options.meshSize())) return false;
    if (signed === undefined && claims.length === 0) return false;
    return contentOf(claims) !== said || (claims.length > 0 && age >= renewMs);
  };

  const lookLater = (): void => {
    cancel = clock.after(lookEveryMs * (0.8 + 0.4 * random()), () => {
      const claims = current();
      if (isDue(claims))
        issue(claims).catch((error: unknown) =>
          log.warn({ error: String(error) }, "own attestation not published"),
        );
      lookLater();
    });
  };

  return {
    get signed() {
      return signed;
    },
    get seq() {
      return seq;
    },
    start() {
      if (running) return;
      running = true;
      if (signed !== undefined) sayAgain(signed, 0);
      lookLater();
    },
    issue: () => issue(current()),
    outdo(other) {
      // A number from the far future would leave no room for ours.
      if (other > seq && other < 2 ** 52) {
        seq = other;
        said = "";
      }
    },
    stop() {
      running = false;
      cancel();
      cancelAgain();
    },
  };
}

function contentOf(claims: readonly Claim[]): string {
  // The hour of the last verdict moves with every one; alone it is no news.
  const lines = claims.map(({ subject, skill, pos, neg }) => `${subject} ${skill} ${pos} ${neg}`);
  return `${lines.length}\n${lines.toSorted().join("\n")}`;
}
