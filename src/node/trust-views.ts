/** Trust as its users see it: what `ErrandNode.trust` answers and is asked. All of it JSON. */
import type { PeerIdText } from "../core/ids.ts";
import type { EvidenceRow } from "../storage/evidence.ts";
import type { TrustExplanation, TrustGraphEdge, TrustGraphNode } from "../routing/trust-explain.ts";

/** A number of an attestation, and when it holds. Times are ISO 8601. */
export interface AttestationView {
  seq: number;
  issuedAt: string;
  expiresAt: string;
  /** Claims in it. */
  claims: number;
}

export interface TrustPeerView {
  peer: PeerIdText;
  name: string;
  trust: { mean: number; lower: number; good: number; bad: number; reliability: number };
  /** How far its word about others has proved right, 0–1; what it says here weighs `weight` of all that is heard. */
  credibility: number;
  weight: number;
  pinned: number | null;
  blocked: boolean;
  /** It signed two attestations under one number, and is not heard. */
  equivocated: boolean;
  /** Skills at which its results are checked, because somebody raised an alarm. */
  alarms: { skill: string; reporter: PeerIdText; until: string }[];
  attestation: AttestationView | null;
}

export interface TrustOverview {
  /** By trust, the most first. */
  peers: TrustPeerView[];
  /** What this node itself says; null before the first. */
  own:
    | (AttestationView & { about: { subject: PeerIdText; skill: string; pos: number; neg: number }[] })
    | null;
  /** Peers of whom nothing is said, by the operator's word; "*" for all. */
  withheld: string[];
  /** Attestations held, of how many issuers, and claims in them. */
  held: { issuers: number; claims: number; silenced: number };
}

export type TrustPeerExplanation = TrustExplanation & {
  name: string;
  blocked: boolean;
  alarms: TrustPeerView["alarms"];
  attestation: AttestationView | null;
};

export interface TrustGraph {
  nodes: (TrustGraphNode & { name: string })[];
  edges: TrustGraphEdge[];
  omitted: number;
}

/** What an operator takes along. Bytes are in base64. */
export interface TrustExport {
  errand: "trust/1";
  network: string;
  /** Whose view it is. */
  peer: PeerIdText;
  exportedAt: string;
  pins: { peer: PeerIdText; trust: number }[];
  blocks: PeerIdText[];
  /** What this node saw itself. */
  evidence: EvidenceRow[];
  /** Signed, of this node and of others. */
  attestations: string[];
  equivocations: { issuer: PeerIdText; first: string; second: string }[];
}

export type TrustImport = Partial<Omit<TrustExport, "exportedAt" | "peer" | "errand">> & {
  errand: "trust/1";
};

export interface TrustImported {
  pins: number;
  blocks: number;
  evidence: number;
  /** By what became of them: new, known, old, ignored, hostile … */
  attestations: Record<string, number>;
  equivocations: { proved: number; refused: number };
}

/** Evidence about a peer that has changed. */
export interface TrustChange {
  event: "TrustChanged";
  peer: PeerIdText;
  skill: string;
  good: number;
  bad: number;
  reliability: number;
}

export interface TrustApi {
  overview(): TrustOverview;
  /** Accepts a unique shortened id. Throws `NotFound`, `Ambiguous`. */
  explain(id: string, skill?: string): TrustPeerExplanation;
  /** At most `nodes` of those that are heard most. */
  graph(nodes?: number): TrustGraph;
  export(): Promise<TrustExport>;
  /** What is signed is checked again. `evidence`: take over what another node saw, too. Throws `InvalidInput`. */
  import(given: TrustImport, options: { evidence: boolean; signal: AbortSignal }): Promise<TrustImported>;
  /** Takes back what this node says of these peers, or of all with "*", and says no more; `undo` lets it speak again. On its way when it resolves. */
  revoke(ids: readonly string[], options: { undo: boolean }): Promise<TrustOverview>;
  /** Changes of this node's evidence from now on; a slow reader loses the oldest. */
  watch(signal: AbortSignal): AsyncIterable<TrustChange>;
}
