/** What the index of claims is made of: peers, what each says of another, and the same as flat arrays. */
import type { PeerIdText } from "../core/ids.ts";
import { favor, praise, support } from "./attestation.ts";

/** One peer that says something, or of which something is said. */
export interface GraphNode {
  readonly peer: PeerIdText;
  /** Small and unique as long as the node is in the index, for arrays; so are the slots. */
  readonly id: number;
  /** Where is summed up what is said of the peer over all skills, and at each skill; −1 while nothing is said. */
  slot: number;
  readonly skillSlots: Map<string, number>;
  /** What is said of the peer now, by issuer. */
  readonly about: Map<GraphNode, Statement>;
  /** What the peer says now, and the same for the computations. */
  readonly says: Statement[];
  readonly row: Row;
  /** Of the last walk: expected visits, 0 for who was not reached, and the weight of its word, g. */
  visits: number;
  weight: number;
}

/**
 * What an issuer says as flat arrays: a hundred thousand claims are gone through in a few milliseconds. They are written over
 * by what it says next.
 */
export interface Row {
  /** Ids of those it speaks of, and how much it praises each. */
  readonly subjects: number[];
  readonly praise: number[];
  /** For each claim, and for each subject over all skills: the slot, κ, and κ times the favor. */
  readonly slots: number[];
  readonly support: number[];
  readonly favored: number[];
}

/** All that one peer says of another. */
export interface Statement {
  readonly issuer: GraphNode;
  readonly subject: GraphNode;
  readonly claims: SkillClaim[];
  /** Where each of them is summed up. */
  readonly slots: number[];
  /** Over all skills. */
  pos: number;
  neg: number;
}

export interface SkillClaim {
  readonly skill: string;
  readonly pos: number;
  readonly neg: number;
}

export function newGraphNode(peer: PeerIdText, id: number): GraphNode {
  const row: Row = { subjects: [], praise: [], slots: [], support: [], favored: [] };
  return { peer, id, slot: -1, skillSlots: new Map(), about: new Map(), says: [], row, visits: 0, weight: 0 };
}

/** Brings the issuer's row up to what it says. */
export function writeRow({ says, row }: GraphNode): void {
  let at = 0;
  const put = (slot: number, { pos, neg }: { pos: number; neg: number }): void => {
    row.slots[at] = slot;
    row.support[at] = support(pos, neg);
    row.favored[at++] = support(pos, neg) * favor(pos, neg);
  };
  for (let i = 0; i < says.length; i++) {
    const statement = says[i] as Statement;
    const { subject, claims, slots } = statement;
    row.subjects[i] = subject.id;
    row.praise[i] = praise(statement);
    put(subject.slot, statement);
    for (let j = 0; j < claims.length; j++) put(slots[j] as number, claims[j] as SkillClaim);
  }
  row.subjects.length = row.praise.length = says.length;
  row.slots.length = row.support.length = row.favored.length = at;
}
