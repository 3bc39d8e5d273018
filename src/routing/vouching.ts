/**
 * Whether two peers count as one when results are compared: a quorum of accomplices proves nothing.
 *
 * Honest peers praise each other too, so praise alone says little. What tells a ring is that its members have nobody else: a peer
 * is *established* when this node's own checks or its operator speak for it, and needs nobody's word then. Of two peers
 * one vouches for the other if
 *
 * - one praises the other, and the praised is not established or owes most of its standing with us to that word; or
 * - neither is established, and one third peer that is not established either praises both.
 */
import type { PeerIdText } from "../core/ids.ts";
import type { BookNode } from "./book-node.ts";
import { praise, support } from "./attestation.ts";
import type { Trust } from "./trust.ts";

/** Grounded good verdicts, or their worth from others, that make a peer stand for itself. */
const enough = 2;

export interface VouchContext {
  trust: Trust;
  /** Grounded good less bad weight, over all skills. */
  grounded: (peer: PeerIdText) => number;
}

export function vouches(a: PeerIdText, b: PeerIdText, context: VouchContext): boolean {
  if (a === b) return true;
  const { book } = context.trust;
  const [x, y] = [book.get(a), book.get(b)];
  if (x === undefined || y === undefined) return false;
  return leansOn(y, x, context) || leansOn(x, y, context) || shareBacker(x, y, context);
}

function isEstablished({ peer }: BookNode, { trust, grounded }: VouchContext): boolean {
  return grounded(peer) >= enough || (trust.pins.get(peer) ?? 0) >= 0.5;
}

/** `praised` rests on the word of `backer`. */
function leansOn(praised: BookNode, backer: BookNode, context: VouchContext): boolean {
  if (!praises(backer, praised) || isEstablished(praised, context)) return false;
  const { trust } = context;
  let others = 0;
  let its = 0;
  for (const [issuer, statement] of praised.about) {
    if (praise(statement) === 0) continue;
    const weight = trust.weightOf(issuer.peer) * support(statement.pos, statement.neg);
    if (issuer === backer) its += weight;
    else others += weight;
  }
  // Others that are heard, and say as much as it does, make it independent of this one.
  return others <= its;
}

/** The smaller list of praisers is gone through; both are bounded by the book. */
function shareBacker(x: BookNode, y: BookNode, context: VouchContext): boolean {
  if (isEstablished(x, context) || isEstablished(y, context)) return false;
  const [few, many] = x.about.size < y.about.size ? [x, y] : [y, x];
  for (const issuer of few.about.keys()) {
    if (!many.about.has(issuer) || isEstablished(issuer, context)) continue;
    if (context.trust.weightOf(issuer.peer) > 0) continue;
    if (praises(issuer, few) && praises(issuer, many)) return true;
  }
  return false;
}

function praises(issuer: BookNode, subject: BookNode): boolean {
  const statement = subject.about.get(issuer);
  return statement !== undefined && praise(statement) > 0;
}
