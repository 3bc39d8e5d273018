/**
 * What peers say outlives a restart: what has changed is written every half minute and at the end, proofs at once. Of strangers only so
 * many at a time: a flood of them is not to keep the disk busy, and a sync brings them again.
 */
import type { Clock } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { sealedAttestation } from "./attestation-codec.ts";
import type { Equivocation } from "./attestation.ts";
import type { AttestationBook } from "./attestations.ts";

export interface StoredAttestation {
  issuer: PeerIdText;
  seq: number;
  expiresAt: number;
  /** Serialised `SignedAttestation`. */
  signed: Uint8Array;
}

/** Where it is kept. `src/storage/attestations.ts` has the durable one. */
export interface AttestationStore {
  /** `own`: the last number this node used, and what it said under it. */
  load(): Promise<{
    own: { seq: number; signed: Uint8Array | undefined };
    attestations: Uint8Array[];
    equivocations: Equivocation[];
  }>;
  /** Inserts or replaces by issuer. */
  save(rows: readonly StoredAttestation[]): void;
  remove(issuers: readonly PeerIdText[]): void;
  saveEquivocation(proof: Equivocation, at: number): void;
  /** On disk when it resolves. */
  saveOwn(row: StoredAttestation): Promise<void>;
}

export interface AttestationPersistence {
  /** What this issuer says has changed, or is gone. */
  changed(issuer: PeerIdText): void;
  /** Saves from time to time until `stop`. */
  start(): void;
  /** Saves a last time. */
  stop(): void;
}

const saveMs = 30_000;
const strangersPerSave = 64;

export function createAttestationPersistence(options: {
  store: AttestationStore;
  book: AttestationBook;
  isVouched: (issuer: PeerIdText) => boolean;
  clock: Clock;
  log: Log;
}): AttestationPersistence {
  const { store, book, isVouched, clock, log } = options;
  const unsaved = new Set<PeerIdText>();
  let cancel = (): void => {};

  function save(): void {
    if (unsaved.size === 0) return;
    const rows: StoredAttestation[] = [];
    const gone: PeerIdText[] = [];
    let strangers = 0;
    for (const issuer of unsaved) {
      const held = book.get(issuer);
      if (held === undefined) gone.push(issuer);
      else if (isVouched(issuer) || ++strangers <= strangersPerSave) {
        const { seq, expiresAt } = held.attestation;
        rows.push({ issuer, seq, expiresAt, signed: sealedAttestation(held) });
      }
    }
    unsaved.clear();
    try {
      if (gone.length > 0) store.remove(gone);
      if (rows.length > 0) store.save(rows);
    } catch (error) {
      log.warn({ error: String(error) }, "attestations not saved");
    }
  }

  const saveLater = (): void => {
    cancel = clock.after(saveMs, () => {
      save();
      saveLater();
    });
  };

  return {
    changed: (issuer) => void unsaved.add(issuer),
    start: saveLater,
    stop() {
      cancel();
      save();
    },
  };
}
