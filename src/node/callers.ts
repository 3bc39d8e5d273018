/**
 * Who asks this node for work, as far as the operator's word on a skill depends on it. The worker is made before anything is
 * known of peers: what there is to know is handed in later.
 */
import type { PeerIdText } from "../core/ids.ts";
import type { Caller } from "../worker/policy.ts";

export interface Callers {
  of(submitter: string): Caller;
  /** From now on `facts` says what the operator pinned and what experience says. */
  know(facts: (peer: PeerIdText) => Pick<Caller, "pin" | "trust">): void;
}

export function createCallers(self: PeerIdText): Callers {
  let known: (peer: PeerIdText) => Pick<Caller, "pin" | "trust"> = () => ({ pin: undefined, trust: 0 });
  return {
    of: (submitter) => ({ self: submitter === self, ...known(submitter) }),
    know: (facts) => void (known = facts),
  };
}
