/**
 * Whether two peers count as one when results are compared: a quorum of accomplices proves nothing.
 *
 * Honest peers praise each other too, so praise alone says little. What tells a ring is that its members have nobody else: a peer
 * is *established* when this node's own checks or its operator speak for it, and needs nobody's word then. Of two peers
 * one vouches for the other if
 *
 * - one praises the other, and the praised is not established or owes most of its standing with us to that word; or
 * - neither is established, and one third peer, neither established nor heard, praises both.
 */
import type { PeerIdText } from "../core/ids.ts";
import { praise, support } from "./attestation.ts";
import type { Claim } from "./attestation.ts";
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
  if (leansOn(b, a, context) || leansOn(a, b, context)) return true;
  if (isEstablished(a, context) || isEstablished(b, context)) return false;
  for (const { issuer, claims } of book.all()) {
    if (context.trust.weightOf(issuer) > 0 || isEstablished(issuer, context)) continue;
    if (praises(claims, a) && praises(claims, b)) return true;
  }
  return false;
}

function isEstablished(peer: PeerIdText, { trust, grounded }: VouchContext): boolean {
  return grounded(peer) >= enough || (trust.pins.get(peer) ?? 0) >= 0.5;
}

/** `praised` rests on the word of `backer`. */
function leansOn(praised: PeerIdText, backer: PeerIdText, context: VouchContext): boolean {
  const { trust } = context;
  if (isEstablished(praised, context) || !praises(trust.book.claimsOf(backer), praised)) return false;
  let others = 0;
  let its = 0;
  for (const [{ peer }, statement] of trust.index.get(praised)?.about ?? []) {
    if (praise(statement) === 0) continue;
    const weight = trust.weightOf(peer) * support(statement.pos, statement.neg);
    if (peer === backer) its += weight;
    else others += weight;
  }
  // Others that are heard, and say as much as it does, make it independent of this one.
  return others === 0 || others <= its;
}

function praises(claims: readonly Claim[], subject: PeerIdText): boolean {
  let pos = 0;
  let neg = 0;
  for (const claim of claims) {
    if (claim.subject !== subject) continue;
    pos += claim.pos;
    neg += claim.neg;
  }
  return praise({ pos, neg }) > 0;
}
