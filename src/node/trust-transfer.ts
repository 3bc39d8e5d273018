/**
 * Trust taken along, to another node or into a backup: pins, blocks, this node's own evidence, and everything signed that it holds.
 * What is signed is checked again where it arrives; the rest is the operator's word, and is asked for its form alone.
 */
import type { Clock } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import { isSkillId, publicKeyOfPeer, type PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { sealedAttestation } from "../network/attestation-codec.ts";
import type { Router } from "../routing/router.ts";
import { loadEvidence, upsertEvidence, type EvidenceRow } from "../storage/evidence.ts";
import type { Store } from "../storage/store.ts";
import { knownEvidence } from "./evidence-keeper.ts";
import type { Standing } from "./standing.ts";
import type { TrustExport, TrustImport, TrustImported } from "./trust-views.ts";
import type { AssembledTrust } from "./trust.ts";

interface Parts {
  self: PeerIdText;
  networkName: string;
  trust: AssembledTrust;
  router: Router;
  standing: Standing;
  store: Store;
  clock: Clock;
}

export async function exportTrust({
  self,
  networkName,
  trust,
  standing,
  store,
  clock,
}: Parts): Promise<TrustExport> {
  const { book } = trust.network;
  await store.committed();
  return {
    errand: "trust/1",
    network: networkName,
    peer: self,
    exportedAt: new Date(clock.now()).toISOString(),
    pins: Array.from(standing.pins(), ([peer, pin]) => ({ peer, trust: pin })),
    blocks: [...standing.blocked()],
    // The row of first encounters is nobody's.
    evidence: (await loadEvidence(store)).filter(({ peer }) => peer !== ""),
    attestations: Array.from(book.all(), (held) => base64(sealedAttestation(held))),
    equivocations: Array.from(book.proofs(), ({ issuer, first, second }) => ({
      issuer,
      first: base64(first),
      second: base64(second),
    })),
  };
}

/** Throws `InvalidInput` before it changes anything. Pins and blocks that are here and not in the file stay. */
export async function importTrust(
  { self, networkName, trust, router, standing, store, clock }: Parts,
  given: TrustImport,
  { evidence: withEvidence, signal }: { evidence: boolean; signal: AbortSignal },
): Promise<TrustImported> {
  const { pins = [], blocks = [], evidence = [], attestations = [], equivocations = [] } = given;
  if (given.network !== undefined && given.network !== networkName) {
    throw new ErrandError(
      "InvalidInput",
      `the file is of the network "${given.network}", this node of "${networkName}"`,
      {
        hint: "Trust says nothing about peers of another network.",
      },
    );
  }
  for (const peer of [...pins.map((pin) => pin.peer), ...blocks]) checkPeer(peer);
  if (blocks.includes(self)) throw new ErrandError("InvalidInput", "the file blocks this node itself");
  const rows = withEvidence ? evidence.filter(({ peer }) => peer !== self) : [];
  const known = rows.map(checkEvidence);

  for (const { peer, trust: pin } of pins) if (peer !== self) await standing.pin(peer, pin);
  for (const peer of blocks) await standing.block(peer, true);
  router.import(known, clock.monotonic(), clock.now());
  for (const row of rows) {
    upsertEvidence(store, row);
    trust.changed(row);
  }
  const proofs = { proved: 0, refused: 0 };
  for (const { issuer, first, second } of equivocations) {
    const proved = trust.network.prove({ issuer, first: bytesOf(first), second: bytesOf(second) });
    if (proved === undefined) proofs.refused++;
    else if (proved) proofs.proved++;
  }
  const counts = await trust.network.takeAll(attestations.map(bytesOf), signal);
  await store.committed();
  return {
    pins: pins.length,
    blocks: blocks.length,
    evidence: rows.length,
    attestations: counts,
    equivocations: proofs,
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}

function checkPeer(peer: PeerIdText): void {
  if (publicKeyOfPeer(peer) !== undefined) return;
  throw new ErrandError("InvalidInput", `"${peer.slice(0, 64)}" is not a PeerId`, {
    hint: "A PeerId in a file is written in full.",
  });
}

const mostWeight = 1e6;

function checkEvidence(row: EvidenceRow): ReturnType<typeof knownEvidence> {
  checkPeer(row.peer);
  const sound =
    isSkillId(row.skill) &&
    [row.good, row.bad, row.badCount].every((n) => n >= 0 && n <= mostWeight) &&
    Number.isSafeInteger(row.updatedAt) &&
    (row.extra?.length ?? 0) <= limits.messageBytes * 64;
  try {
    if (sound) return knownEvidence(row);
  } catch {
    // Falls through: `extra` is no JSON.
  }
  throw new ErrandError(
    "InvalidInput",
    `the evidence about ${row.peer} at ${row.skill.slice(0, 64)} makes no sense`,
  );
}
