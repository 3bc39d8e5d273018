/**
 * The claims of those who are heard, looked up by who said it and by whom it is about. An issuer's new claims mostly are its
 * old ones with other numbers, so what can stay in place stays.
 */
import type { PeerIdText } from "../core/ids.ts";
import type { Claim } from "./attestation.ts";
import { newGraphNode, writeRow } from "./graph-node.ts";
import type { GraphNode, SkillClaim, Statement } from "./graph-node.ts";
import { Numbers, SharedNumbers } from "./numbers.ts";

export class ClaimIndex {
  /** By id; ids that are free hold nobody. */
  readonly byId: (GraphNode | undefined)[] = [];
  /** Whom each slot in use is about. */
  readonly bySlot: (GraphNode | undefined)[] = [];
  /** Those whose claims are in the index. */
  readonly speakers = new Set<GraphNode>();
  readonly #ids = new Numbers();
  readonly #slots = new SharedNumbers();
  readonly #nodes = new Map<PeerIdText, GraphNode>();
  /** By id of a peer: where `#replaced` has the statement on it while an issuer's claims are replaced, else −1. */
  readonly #places: number[] = [];
  readonly #replaced = new Replaced();

  get(peer: PeerIdText): GraphNode | undefined {
    return this.#nodes.get(peer);
  }

  /** The node of a peer, made if it is new; to be given back by `release` if nothing is said by it or of it. */
  node(peer: PeerIdText): GraphNode {
    let node = this.#nodes.get(peer);
    if (node === undefined) {
      const id = this.#ids.take();
      node = newGraphNode(peer, id);
      this.#nodes.set(peer, node);
      this.byId[id] = node;
      this.#places[id] = -1;
    }
    return node;
  }

  /** Forgets the node if nothing is said by it or of it, and the last walk did not reach it. */
  release(node: GraphNode): void {
    if (node.says.length > 0 || node.about.size > 0 || node.visits > 0 || this.byId[node.id] !== node) return;
    this.#nodes.delete(node.peer);
    this.byId[node.id] = undefined;
    this.#ids.give(node.id);
  }

  /** Takes an issuer's claims in, in place of those it had. Whatever stays the same is not made anew. */
  put(issuer: GraphNode, claims: readonly Claim[]): void {
    const replaced = this.#replaced;
    replaced.take(issuer);
    for (let i = 0; i < replaced.count; i++)
      this.#places[(replaced.statements[i] as Statement).subject.id] = i;
    const before = replaced.count;
    issuer.says.length = this.#fill(issuer, claims);
    for (let i = 0; i < replaced.count; i++) {
      const { subject, claims: now, slots } = replaced.statements[i] as Statement;
      this.#places[subject.id] = -1;
      now.length = slots.length = replaced.filled[i] as number;
      for (let j = replaced.from[i] as number; j < (replaced.from[i + 1] as number); j++) {
        const slot = replaced.slots[j] as number;
        if (slot >= 0 && this.#leaveSlot(slot)) subject.skillSlots.delete(replaced.skills[j] as string);
      }
    }
    for (let i = 0; i < before; i++)
      if (replaced.filled[i] === 0) this.#dropStatement(replaced.statements[i] as Statement);
    writeRow(issuer);
    if (issuer.says.length > 0) this.speakers.add(issuer);
    else this.speakers.delete(issuer);
  }

  /** Returns of how many peers the issuer speaks. */
  #fill(issuer: GraphNode, claims: readonly Claim[]): number {
    const [replaced, places] = [this.#replaced, this.#places];
    let said = 0;
    for (const claim of claims) {
      const { subject: peer, skill, pos, neg } = claim;
      // Nobody is a witness in his own case, and unchecked agreement is hearsay.
      if (peer === issuer.peer || !claim.grounded || pos + neg === 0) continue;
      const subject = this.node(peer);
      let place = places[subject.id] as number;
      if (place < 0) {
        place = places[subject.id] = replaced.add(newStatement(issuer, subject));
        subject.slot = this.#useSlot(subject.slot, subject);
      }
      const statement = replaced.statements[place] as Statement;
      const filled = replaced.filled[place] as number;
      // Saying it twice adds nothing.
      if (filled > 0 && speaksOf(statement, skill, filled)) continue;
      if (filled === 0) {
        issuer.says[said++] = statement;
        statement.pos = statement.neg = 0;
      }
      const slot = replaced.slotOf(place, skill);
      statement.claims[filled] = claim;
      statement.slots[filled] = slot < 0 ? this.#useSkillSlot(subject, skill) : slot;
      statement.pos += pos;
      statement.neg += neg;
      replaced.filled[place] = filled + 1;
    }
    return said;
  }

  #dropStatement({ issuer, subject }: Statement): void {
    subject.about.delete(issuer);
    if (this.#leaveSlot(subject.slot)) subject.slot = -1;
    this.release(subject);
  }

  #useSkillSlot(subject: GraphNode, skill: string): number {
    const known = subject.skillSlots.get(skill);
    const slot = this.#useSlot(known ?? -1, subject);
    if (known === undefined) subject.skillSlots.set(skill, slot);
    return slot;
  }

  #useSlot(slot: number, subject: GraphNode): number {
    const used = this.#slots.use(slot);
    this.bySlot[used] = subject;
    return used;
  }

  /** Returns whether that was its last use. */
  #leaveSlot(slot: number): boolean {
    if (!this.#slots.leave(slot)) return false;
    this.bySlot[slot] = undefined;
    return true;
  }
}

function newStatement(issuer: GraphNode, subject: GraphNode): Statement {
  const statement: Statement = { issuer, subject, claims: [], slots: [], pos: 0, neg: 0 };
  subject.about.set(issuer, statement);
  return statement;
}

/** Whether one of the first `count` claims is about the skill. */
function speaksOf({ claims }: Statement, skill: string, count: number): boolean {
  for (let i = 0; i < count; i++) if ((claims[i] as SkillClaim).skill === skill) return true;
  return false;
}

/**
 * What an issuer said, while its new claims are written over it. Its arrays are kept and never cut, so that nothing is allocated
 * for an issuer that says about the same again.
 */
class Replaced {
  /** First the old ones, then those on peers of which it did not speak before. */
  readonly statements: Statement[] = [];
  count = 0;
  /** How many claims are in each of them by now. */
  readonly filled: number[] = [];
  /** Its old claims, those of statement i from `from[i]` to `from[i + 1]`: the skill, and the slot until a new claim has it. */
  readonly from: number[] = [0];
  readonly skills: string[] = [];
  readonly slots: number[] = [];

  take({ says }: GraphNode): void {
    this.count = 0;
    let end = 0;
    for (const statement of says) {
      const { claims, slots } = statement;
      for (let i = 0; i < claims.length; i++) {
        this.skills[end] = (claims[i] as SkillClaim).skill;
        this.slots[end++] = slots[i] as number;
      }
      this.from[this.add(statement) + 1] = end;
    }
  }

  /** Returns its place. */
  add(statement: Statement): number {
    const place = this.count++;
    this.statements[place] = statement;
    this.filled[place] = 0;
    this.from[place + 1] = this.from[place] as number;
    return place;
  }

  /** The slot that an old claim of the statement had for the skill, to be the new one's; −1 if there was none. */
  slotOf(place: number, skill: string): number {
    const end = this.from[place + 1] as number;
    for (let i = this.from[place] as number; i < end; i++) {
      if (this.skills[i] !== skill) continue;
      const slot = this.slots[i] as number;
      this.slots[i] = -1;
      return slot;
    }
    return -1;
  }
}
