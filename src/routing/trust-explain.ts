/** Why a peer is trusted as far as it is, and the trust graph around this node: as data, for `errand trust`. */
import type { PeerIdText } from "../core/ids.ts";
import { favor, support } from "./attestation.ts";
import type { EvidenceRow, Verdict } from "./evidence-row.ts";
import type { EvidenceTable } from "./evidence-table.ts";
import { indirectOfPin } from "./evidence.ts";
import type { Trust } from "./trust.ts";

/** Those that contribute most are named. */
const recommendersShown = 8;

/** All of it JSON-serialisable. Weights are decayed to now; times are ms since the epoch. */
export interface TrustExplanation {
  peer: PeerIdText;
  /** null over all skills. */
  skill: string | null;
  /** Trust in a stranger, p0. */
  prior: number;
  own: {
    good: number;
    /** Right and wrong, of the last fifty or so that were checked against the truth. */
    right: number;
    wrong: number;
    bad: number;
    badCount: number;
    /** Checked and right since the last wrong one. */
    valid: number;
    /** Since when anything is known; null for a stranger. */
    sinceMs: number | null;
    verdicts: (Verdict & { skill: string })[];
  };
  /** What the peer did at other skills, which stands in for a part. */
  otherSkills: { good: number; bad: number };
  /** What others say: I⁺ and I⁻, and who contributes most. */
  hearsay: { good: number; bad: number; recommenders: Recommender[]; omitted: number };
  pin: { value: number; good: number; bad: number } | null;
  posterior: { a: number; b: number; mean: number; lower: number; reliability: number };
  /** Its own word about others. */
  credibility: number;
  equivocated: boolean;
}

export interface Recommender {
  peer: PeerIdText;
  /** Share of all that is heard here, 0–1. */
  weight: number;
  credibility: number;
  pos: number;
  neg: number;
  /** Its part in I⁺ and I⁻, relative to the other recommenders, 0–1. */
  share: number;
}

export function explainTrust(
  peer: PeerIdText,
  skill: string | undefined,
  sources: { trust: Trust; evidence: EvidenceTable; pin: number | undefined },
  wallMs: number,
): TrustExplanation {
  const { trust, evidence, pin } = sources;
  const all = evidence.totals(peer, wallMs);
  const rows = Array.from(evidence.get(peer)?.skills.values() ?? []);
  const shown = skill === undefined ? rows : rows.filter((row) => row.skill === skill);
  const own = skill === undefined ? all : evidence.ofSkill(peer, skill, wallMs);
  const said = trust.indirect(peer, skill);
  const standing = evidence.standing(peer, skill, indirectOfPin(pin), wallMs);
  const { a, b, mean, lower, reliability } = standing;
  return {
    peer,
    skill: skill ?? null,
    prior: evidence.prior,
    own: {
      good: own.good,
      right: own.right,
      wrong: own.wrong,
      bad: own.bad,
      badCount: own.badCount,
      valid: own.valid,
      sinceMs: shown.length === 0 ? null : Math.min(...shown.map((row) => row.firstAt)),
      verdicts: shown.flatMap(verdictsOf).toSorted((x, y) => x.at - y.at),
    },
    otherSkills: { good: Math.max(0, all.good - own.good), bad: Math.max(0, all.bad - own.bad) },
    hearsay: { ...said, ...recommenders(peer, skill, trust) },
    pin: pin === undefined ? null : { value: pin, ...indirectOfPin(pin) },
    posterior: { a, b, mean, lower, reliability },
    credibility: trust.credibility.of(peer),
    equivocated: trust.credibility.get(peer)?.equivocated === true,
  };
}

function verdictsOf(row: EvidenceRow): (Verdict & { skill: string })[] {
  return row.verdicts.map((verdict) => ({ ...verdict, skill: row.skill }));
}

function recommenders(
  peer: PeerIdText,
  skill: string | undefined,
  trust: Trust,
): { recommenders: Recommender[]; omitted: number } {
  const heard: Recommender[] = [];
  const total = trust.lastWalk?.total ?? 0;
  let sum = 0;
  for (const [issuer, { claims }] of trust.index.get(peer)?.about ?? []) {
    const weight = trust.weightOf(issuer.peer);
    if (weight === 0) continue;
    // What is said of this skill; without that, of all of them, as the graph backs off.
    const relevant = claims.filter((claim) => claim.skill === skill);
    const counted = relevant.length > 0 ? relevant : claims;
    const pos = counted.reduce((n, claim) => n + claim.pos, 0);
    const neg = counted.reduce((n, claim) => n + claim.neg, 0);
    const part = weight * support(pos, neg);
    sum += part;
    const credibility = trust.credibility.of(issuer.peer);
    heard.push({ peer: issuer.peer, weight: weight / total, credibility, pos, neg, share: part });
  }
  heard.sort((x, y) => y.share - x.share);
  for (const one of heard) one.share /= sum;
  return {
    recommenders: heard.slice(0, recommendersShown),
    omitted: Math.max(0, heard.length - recommendersShown),
  };
}

export interface TrustGraphView {
  nodes: TrustGraphNode[];
  edges: TrustGraphEdge[];
  /** Peers left out, those of least weight. */
  omitted: number;
}

export interface TrustGraphNode {
  peer: PeerIdText;
  self: boolean;
  /** Share of all that is heard here, 0–1. */
  weight: number;
  /** Expected visits of the walk. */
  visits: number;
  credibility: number;
  pinned: number | null;
  /** Trust in it as a provider, over all skills. */
  mean: number;
  lower: number;
}

export interface TrustGraphEdge {
  from: PeerIdText;
  to: PeerIdText;
  skill: string;
  pos: number;
  neg: number;
  /** What the sender holds of the other, 0–1. */
  favor: number;
}

/** This node, those it hears, and those they speak of: the `maxNodes` most visited, with the claims between them. */
export function viewTrustGraph(
  self: PeerIdText,
  sources: { trust: Trust; evidence: EvidenceTable; own: readonly TrustGraphEdge[] },
  maxNodes: number,
  wallMs: number,
): TrustGraphView {
  const { trust, evidence, own } = sources;
  const peers = new Set<PeerIdText>([self, ...trust.pins.keys(), ...own.map((edge) => edge.to)]);
  for (const { issuer, claims } of trust.book.all()) {
    peers.add(issuer);
    for (const { subject } of claims) peers.add(subject);
  }
  const total = trust.lastWalk?.total ?? 0;
  const rank = (peer: PeerIdText): number => (peer === self ? Infinity : trust.visitsOf(peer));
  const ranked = Array.from(peers).toSorted((x, y) => rank(y) - rank(x));
  const shown = new Set(ranked.slice(0, maxNodes));
  const nodes = Array.from(shown, (peer): TrustGraphNode => {
    const pinned = trust.pins.get(peer);
    const standing = evidence.standing(peer, undefined, indirectOfPin(pinned), wallMs);
    const isSelf = peer === self;
    return {
      peer,
      self: isSelf,
      weight: total > 0 ? trust.weightOf(peer) / total : 0,
      visits: trust.visitsOf(peer),
      credibility: isSelf ? 1 : trust.credibility.of(peer),
      pinned: pinned ?? null,
      mean: isSelf ? 1 : standing.mean,
      lower: isSelf ? 1 : standing.lower,
    };
  });
  const edges = own.filter((edge) => shown.has(edge.to));
  for (const { issuer: from, claims } of trust.book.all()) {
    if (!shown.has(from)) continue;
    for (const { subject: to, skill, pos, neg } of claims)
      if (shown.has(to)) edges.push({ from, to, skill, pos, neg, favor: favor(pos, neg) });
  }
  return { nodes, edges, omitted: peers.size - shown.size };
}
