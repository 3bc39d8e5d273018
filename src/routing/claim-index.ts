/**
 * The claims of those who are heard, looked up by who said it and by whom it is about. An issuer's new claims mostly are its
 * old ones with other numbers, so what can stay in place stays.
 */
import type { PeerIdText } from "../core/ids.ts";
import type { Claim } from "./attestation.ts";
import { emptyRow, rowOf } from "./graph-node.ts";
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
  #round = 0;

  get(peer: PeerIdText): GraphNode | undefined {
    return this.#nodes.get(peer);
  }

  /** The node of a peer, made if it is new; to be given back by `release` if nothing is said by it or of it. */
  node(peer: PeerIdText): GraphNode {
    let node = this.#nodes.get(peer);
    if (node === undefined) {
      const id = this.#ids.take();
      node = { peer, id, slot: -1, skillSlots: new Map(), about: new Map(), says: [], row: emptyRow };
      this.#nodes.set(peer, node);
      this.byId[id] = node;
    }
    return node;
  }

  /** Forgets the node if nothing is said by it or of it. */
  release(node: GraphNode): void {
    if (node.says.length > 0 || node.about.size > 0 || this.byId[node.id] !== node) return;
    this.#nodes.delete(node.peer);
    this.byId[node.id] = undefined;
    this.#ids.give(node.id);
  }

  /** Takes an issuer's claims in, in place of those it had. */
  put(issuer: GraphNode, claims: readonly Claim[]): void {
    const before = issuer.says;
    const oldClaims = before.map((statement) => statement.claims);
    this.#fill(issuer, claims);
    // What is still in use was taken again by now, so that nothing is freed only to be made anew.
    for (const [i, statement] of before.entries()) this.#leave(statement, oldClaims[i] as SkillClaim[]);
    if (issuer.says.length > 0) this.speakers.add(issuer);
    else this.speakers.delete(issuer);
  }

  #fill(issuer: GraphNode, claims: readonly Claim[]): void {
    const round = ++this.#round;
    const says: Statement[] = [];
    for (const { subject: peer, skill, pos, neg, grounded } of claims) {
      // Nobody is a witness in his own case, and unchecked agreement is hearsay.
      if (peer === issuer.peer || !grounded || pos + neg === 0) continue;
      const subject = this.node(peer);
      let statement = subject.about.get(issuer);
      if (statement === undefined) {
        statement = { issuer, subject, claims: [], pos: 0, neg: 0, round };
        subject.about.set(issuer, statement);
        subject.slot = this.#useSlot(subject.slot, subject);
        says.push(statement);
      } else if (statement.round !== round) {
        Object.assign(statement, { claims: [], pos: 0, neg: 0, round });
        says.push(statement);
      } else if (statement.claims.some((claim) => claim.skill === skill)) {
        // Saying it twice adds nothing.
        continue;
      }
      const known = subject.skillSlots.get(skill);
      const slot = this.#useSlot(known ?? -1, subject);
      if (known === undefined) subject.skillSlots.set(skill, slot);
      statement.claims.push({ skill, slot, pos, neg });
      statement.pos += pos;
      statement.neg += neg;
    }
    issuer.says = says;
    issuer.row = rowOf(says);
  }

  /** Gives up a statement's former claims, and all of it if it was not filled again. */
  #leave(statement: Statement, claims: readonly SkillClaim[]): void {
    const { issuer, subject } = statement;
    for (const { skill, slot } of claims) if (this.#leaveSlot(slot)) subject.skillSlots.delete(skill);
    if (statement.round === this.#round) return;
    subject.about.delete(issuer);
    if (this.#leaveSlot(subject.slot)) subject.slot = -1;
    this.release(subject);
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
