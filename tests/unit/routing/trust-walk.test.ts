import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { praise } from "../../../src/routing/attestation.ts";
import type { Claim } from "../../../src/routing/attestation.ts";
import { ClaimIndex } from "../../../src/routing/claim-index.ts";
import { alpha, walk } from "../../../src/routing/trust-walk.ts";
import type { Walk } from "../../../src/routing/trust-walk.ts";
import { skill } from "./fixtures.ts";

/** from, to, pos, neg */
type Edge = readonly [from: string, to: string, pos: number, neg: number];

function claimsOf(edges: readonly Edge[]): Map<string, Claim[]> {
  const claims = new Map<string, Claim[]>();
  for (const [from, subject, pos, neg] of edges) {
    const said = claims.get(from) ?? [];
    said.push({ subject, skill, pos, neg, grounded: true, lastEpoch: 0 });
    claims.set(from, said);
  }
  return claims;
}

interface Mesh {
  own: Edge[];
  edges: Edge[];
  pins: Record<string, number>;
  credibility: Map<string, number>;
}

function run({ own, edges, pins, credibility }: Mesh): { walk: Walk; visits: Map<string, number> } {
  const claims = claimsOf(edges);
  const done = walk({
    index: new ClaimIndex(),
    claimsOf: (peer) => claims.get(peer) ?? [],
    claims: edges.length,
    self: "me",
    own: own.map(([, to, pos]) => [to, pos] as const),
    pins: new Map(Object.entries(pins)),
    credibility: (peer) => credibility.get(peer) ?? 0.5,
  });
  return { walk: done, visits: new Map(done.nodes.map((node, i) => [node.peer, done.visits[i] as number])) };
}

const honest = Array.from({ length: 8 }, (_, i) => `h${i}`);
const ring = Array.from({ length: 24 }, (_, i) => `s${i}`);
const edgesBetween = (from: string[], to: string[], maxLength: number): fc.Arbitrary<Edge[]> =>
  fc.uniqueArray(
    fc.tuple(
      fc.constantFrom(...from),
      fc.constantFrom(...to),
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 0, max: 50 }),
    ),
    { maxLength, selector: ([f, t]) => `${f} ${t}` },
  );
const credibilities = (peers: string[]): fc.Arbitrary<Map<string, number>> =>
  fc
    .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: peers.length, maxLength: peers.length })
    .map((rhos) => new Map(peers.map((peer, i) => [peer, rhos[i] as number])));
const pinned = fc.dictionary(fc.constantFrom(...honest), fc.double({ min: 0.5, max: 1, noNaN: true }), {
  maxKeys: 3,
});

describe("the walk", () => {
  it("starts here and at the pins, and goes as far as credibility carries", () => {
    const { visits, walk: done } = run({
      own: [["me", "a", 10, 0]],
      edges: [
        ["a", "b", 10, 0],
        ["b", "c", 10, 0],
        ["pin", "d", 10, 0],
      ],
      pins: { pin: 1 },
      credibility: new Map([
        ["a", 1],
        ["b", 0],
        ["pin", 1],
      ]),
    });
    expect(visits.get("me")).toBeCloseTo(0.5);
    expect(visits.get("a")).toBeCloseTo(0.4);
    expect(visits.get("b")).toBeCloseTo(0.32);
    expect(visits.get("c")).toBeUndefined();
    expect(visits.get("d")).toBeCloseTo(0.4);
    const weights = new Map(done.nodes.map((node, i) => [node.peer, done.weight[i]]));
    expect(weights.get("me")).toBe(0);
    expect(weights.get("b")).toBe(0);
    // .5 for this node, .4 + .5 for the two that are believed, .5·.4 for the last: nobody has more than a quarter.
    expect(done.total).toBeCloseTo(1.6);
    expect(weights.get("a")).toBeCloseTo(0.4);
    expect(weights.get("pin")).toBeCloseTo(0.4);
  });

  it("leads to nobody whose failures outweigh the praise", () => {
    expect(praise({ pos: 40, neg: 10 })).toBe(0);
    const edges: Edge[] = [["a", "b", 20, 5]];
    const { visits } = run({ own: [["me", "a", 9, 0]], edges, pins: {}, credibility: new Map() });
    expect(visits.has("b")).toBe(false);
  });
});

describe("a ring of liars, of any size and shape, believed by whomever", () => {
  const mesh = fc.record({
    own: edgesBetween(["me"], honest, 8),
    inside: edgesBetween(ring, ring, 200),
    among: edgesBetween(honest, honest, 40),
    attack: edgesBetween([...honest, "me"], ring, 6),
    back: edgesBetween(ring, honest, 30),
    pins: pinned,
    credibility: credibilities([...honest, ...ring]),
  });

  it("is visited at most 1/α times what crosses the edges that others gave it", () => {
    fc.assert(
      fc.property(mesh, (m) => {
        const own = [...m.own, ...m.attack.filter(([from]) => from === "me")];
        const attack = m.attack.filter(([from]) => from !== "me");
        const edges = [...m.among, ...attack, ...m.inside, ...m.back];
        const { visits } = run({ own, edges, pins: m.pins, credibility: m.credibility });
        let crossing = 0;
        for (const from of ["me", ...honest]) {
          const rows = from === "me" ? own.map(([, to, pos]) => [to, pos] as const) : rowOf(edges, from);
          const all = rows.reduce((sum, [, weight]) => sum + weight, 0);
          const toRing = rows.reduce((sum, [to, weight]) => sum + (ring.includes(to) ? weight : 0), 0);
          const rho = from === "me" ? 1 : (m.credibility.get(from) ?? 0);
          if (all > 0) crossing += ((visits.get(from) ?? 0) * (1 - alpha) * rho * toRing) / all;
        }
        const inRing = ring.reduce((sum, peer) => sum + (visits.get(peer) ?? 0), 0);
        expect(inRing).toBeLessThanOrEqual(crossing / alpha + 1e-9);
      }),
    );
  });

  it("is not heard at all while nobody outside praises it, and its slander moves no weight", () => {
    fc.assert(
      fc.property(mesh, (m) => {
        const without = run({ own: m.own, edges: m.among, pins: m.pins, credibility: m.credibility });
        const edges = [...m.among, ...m.inside, ...m.back];
        const { visits, walk: done } = run({ own: m.own, edges, pins: m.pins, credibility: m.credibility });
        for (const peer of ring) expect(visits.has(peer)).toBe(false);
        expect(visits).toEqual(without.visits);
        expect(done.total).toBe(without.walk.total);
      }),
    );
  });

  it("never holds more than a quarter of the weight with one name", () => {
    fc.assert(
      fc.property(mesh, (m) => {
        const edges = [...m.among, ...m.attack, ...m.inside, ...m.back];
        const done = run({ own: m.own, edges, pins: m.pins, credibility: m.credibility }).walk;
        expect(Math.max(...done.weight)).toBeLessThanOrEqual(done.total / 4 + 1e-12);
        expect(done.total).toBeGreaterThanOrEqual(0.5);
      }),
    );
  });
});

/** What an issuer's row becomes: net praise of each subject. */
function rowOf(edges: readonly Edge[], from: string): (readonly [string, number])[] {
  return edges
    .filter(([f, to]) => f === from && to !== from)
    .map(([, to, pos, neg]) => [to, Math.min(50, Math.max(0, pos - 4 * neg))] as const);
}
