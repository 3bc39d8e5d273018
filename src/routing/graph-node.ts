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
  says: readonly Statement[];
  row: Row;
}

/** What an issuer says as flat arrays: a hundred thousand claims are gone through in a few milliseconds. */
export interface Row {
  /** Ids of those it speaks of, and how much it praises each. */
  subjects: Int32Array;
  praise: Float64Array;
  /** For each claim, and for each subject over all skills: the slot, κ, and κ times the favor. */
  slots: Int32Array;
  support: Float64Array;
  favored: Float64Array;
}

/** All that one peer says of another. */
export interface Statement {
  readonly issuer: GraphNode;
  readonly subject: GraphNode;
  claims: SkillClaim[];
  /** Over all skills. */
  pos: number;
  neg: number;
  /** Of the last time it was filled. */
  round: number;
}

export interface SkillClaim {
  readonly skill: string;
  readonly slot: number;
  readonly pos: number;
  readonly neg: number;
}

export const emptyRow: Row = {
  subjects: new Int32Array(),
  praise: new Float64Array(),
  slots: new Int32Array(),
  support: new Float64Array(),
  favored: new Float64Array(),
};

export function rowOf(says: readonly Statement[]): Row {
  let claims = says.length;
  for (const statement of says) claims += statement.claims.length;
  const row: Row = {
    subjects: new Int32Array(says.length),
    praise: new Float64Array(says.length),
    slots: new Int32Array(claims),
    support: new Float64Array(claims),
    favored: new Float64Array(claims),
  };
  let at = 0;
  const put = (slot: number, { pos, neg }: { pos: number; neg: number }): void => {
    row.slots[at] = slot;
    row.support[at] = support(pos, neg);
    row.favored[at++] = support(pos, neg) * favor(pos, neg);
  };
  for (const [i, statement] of says.entries()) {
    row.subjects[i] = statement.subject.id;
    row.praise[i] = praise(statement);
    put(statement.subject.slot, statement);
    for (const claim of statement.claims) put(claim.slot, claim);
  }
  return row;
}
