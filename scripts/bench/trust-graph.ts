/** What the trust graph costs at its largest: a whole computation, one changed attestation, and a stranger's. */
import type { Attestation } from "../../src/routing/attestation.ts";
import type { Candidate, RoutingRequest } from "../../src/routing/candidate.ts";
import { createRouter } from "../../src/routing/router.ts";
import type { Router } from "../../src/routing/router.ts";
import { median } from "./measure.ts";

const peers = 10_000;
const claimsEach = 10;
const acquaintances = 200;
const wallMs = Date.UTC(2026, 0, 1);
/** Longer than the router waits between two computations of a graph of this size. */
const tickMs = 60_000;
/** What the candidates offer. */
const skill = "echo";

export interface GraphFigures {
  peers: number;
  claims: number;
  /** Medians, ms. */
  computeMs: number;
  updateMs: number;
  decisionAfterMs: number;
  strangerMs: number;
}

export function measureGraph(
  rounds: number,
  candidates: readonly Candidate[],
  request: RoutingRequest,
): GraphFigures {
  const names = Array.from({ length: peers }, (_, i) => candidates[i]?.peer ?? `member-${i}`);
  const router = createRouter({ random: Math.random, self: "self" });
  router.import([], 0, wallMs);
  router.setPins(new Map([[names[0] as string, 1]]));
  // Everybody has proved right before: the walk goes as far as it can.
  router.importCredibility(names.map((peer) => ({ peer, right: 90, wrong: 10, equivocated: false })));
  for (let i = 0; i < acquaintances; i++)
    for (let k = 0; k < 20; k++) router.onGood(names[i] as string, skill, { grounded: true }, 0);
  for (const [i] of names.entries()) router.onAttestation(attestation(names, i, 1, claimsEach), wallMs);
  return {
    peers,
    claims: peers * claimsEach,
    computeMs: median(compute(router, names, rounds)),
    ...update(router, names, rounds, candidates, request),
    strangerMs: median(flood(router, names, rounds)),
  };
}

/** `count` claims about peers all over the mesh, as a function of the issuer. */
function attestation(names: readonly string[], issuer: number, seq: number, count: number): Attestation {
  const claims = Array.from({ length: count }, (_, k) => {
    const subject = names[(issuer * 7_919 + k * 104_729 + seq) % names.length] as string;
    return { subject, skill, pos: 10 + (k % 40), neg: 0, grounded: true, lastEpoch: 0 };
  });
  return { issuer: names[issuer] as string, seq, issuedAt: wallMs, expiresAt: wallMs + 3_600_000, claims };
}

/** Each a whole computation, after something changed. The first ones also take in all claims. */
function compute(router: Router, names: readonly string[], rounds: number): number[] {
  const took: number[] = [];
  for (let round = 0; round < rounds + 5; round++) {
    router.onGood(names[round % acquaintances] as string, skill, { grounded: true }, round * tickMs);
    const start = performance.now();
    router.tick(round * tickMs, wallMs);
    if (round >= 5) took.push(performance.now() - start);
  }
  return took;
}

/** One who is heard says something new about as many as it may; then the next decision, which all of that concerns. */
function update(
  router: Router,
  names: readonly string[],
  rounds: number,
  candidates: readonly Candidate[],
  request: RoutingRequest,
): Pick<GraphFigures, "updateMs" | "decisionAfterMs"> {
  const [updates, decisions]: number[][] = [[], []];
  for (let round = 0; round < 5 * rounds; round++) {
    const said = attestation(names, round % acquaintances, 2 + round, claimsEach);
    const start = performance.now();
    router.onAttestation(said, wallMs);
    const between = performance.now();
    router.decide(request, candidates, round, wallMs);
    updates?.push(between - start);
    decisions?.push(performance.now() - between);
  }
  return { updateMs: median(updates ?? []), decisionAfterMs: median(decisions ?? []) };
}

/** Strangers, each with as much as fits. */
function flood(router: Router, names: readonly string[], rounds: number): number[] {
  return Array.from({ length: rounds }, (_, round) => {
    const all = Array.from({ length: 200 }, (_unused, i) => ({
      ...attestation(names, i, 1, 64),
      issuer: `stranger-${round}-${i}`,
    }));
    const start = performance.now();
    for (const one of all) router.onAttestation(one, wallMs);
    return (performance.now() - start) / all.length;
  });
}
