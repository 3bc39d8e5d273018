/**
 * The claims of those who are heard, looked up by who said it and by whom it is about. An issuer's new claims mostly are its
 * old ones with other numbers, so what can stay in place stays.
 */
import type { PeerIdText } from "../core/ids.ts";
import type { Claim } from "./attestation.ts";
import { newGraphNode, writeRow } from "./graph-node.ts";
import type { GraphNode, Statement } from "./graph-node.ts";
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
  // Kept between calls, so that nothing is allocated for an issuer that says about the same again.
  readonly #oldSubjects: GraphNode[] = [];
  readonly #oldSkills: string[] = [];
  #spare: Statement[] = [];
  #round = 0;

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
    const [before, oldSubjects, oldSkills] = [issuer.says, this.#oldSubjects, this.#oldSkills];
    oldSubjects.length = oldSkills.length = 0;
    for (const { subject, claims: old } of before) {
      for (const { skill } of old) {
        oldSubjects.push(subject);
        oldSkills.push(skill);
      }
    }
    issuer.says = this.#spare;
    this.#fill(issuer, claims);
    // What is still in use was taken again by now.
    for (let i = 0; i < oldSkills.length; i++)
      this.#leaveSkill(oldSubjects[i] as GraphNode, oldSkills[i] as string);
    for (const statement of before) if (statement.round !== this.#round) this.#dropStatement(statement);
    before.length = 0;
    this.#spare = before;
    writeRow(issuer);
    if (issuer.says.length > 0) this.speakers.add(issuer);
    else this.speakers.delete(issuer);
  }

  #fill(issuer: GraphNode, claims: readonly Claim[]): void {
    const round = ++this.#round;
    for (const claim of claims) {
      const { subject: peer, skill, pos, neg } = claim;
      // Nobody is a witness in his own case, and unchecked agreement is hearsay.
      if (peer === issuer.peer || !claim.grounded || pos + neg === 0) continue;
      const subject = this.node(peer);
      let statement = subject.about.get(issuer);
      if (statement === undefined) {
        statement = { issuer, subject, claims: [], pos: 0, neg: 0, round };
        subject.about.set(issuer, statement);
        subject.slot = this.#useSlot(subject.slot, subject);
        issuer.says.push(statement);
      } else if (statement.round !== round) {
        statement.claims.length = statement.pos = statement.neg = 0;
        statement.round = round;
        issuer.says.push(statement);
      } else if (statement.claims.some((known) => known.skill === skill)) {
        // Saying it twice adds nothing.
        continue;
      }
      const known = subject.skillSlots.get(skill);
      const slot = this.#useSlot(known ?? -1, subject);
      if (known === undefined) subject.skillSlots.set(skill, slot);
      statement.claims.push(claim);
      statement.pos += pos;
      statement.neg += neg;
    }
  }

  #dropStatement({ issuer, subject }: Statement): void {
    subject.about.delete(issuer);
    if (this.#leaveSlot(subject.slot)) subject.slot = -1;
    this.release(subject);
  }

  #leaveSkill(subject: GraphNode, skill: string): void {
    const slot = subject.skillSlots.get(skill);
    if (slot !== undefined && this.#leaveSlot(slot)) subject.skillSlots.delete(skill);
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
