/** The half of the decision that is about load: whom to ask first, who idles, who is hedged, who is warm, who is poor. */
import { describe, expect, it } from "vitest";
import { createRouter } from "../../../src/routing/router.ts";
import type { Router } from "../../../src/routing/router.ts";
import type { Candidate } from "../../../src/routing/candidate.ts";
import type { Load } from "../../../src/network/messages.ts";
import { candidate, request, seeded, skill, wallStart } from "./fixtures.ts";

const idle: Load = { running: 0, slots: 1, queued: 0, serviceMs: 1_000 };
const busy: Load = { running: 1, slots: 1, queued: 3, serviceMs: 1_000 };

function router(seed = 1): Router {
  const r = createRouter({ random: seeded(seed), self: "me" });
  r.import([], 0, wallStart);
  return r;
}

/** Peers that have done well, with the last report at 0. */
function known(r: Router, count: number, load: Load = idle, changes: Partial<Candidate> = {}): Candidate[] {
  return Array.from({ length: count }, (_, i) => {
    for (let n = 0; n < 12; n++) {
      r.onSent(`p${i}`, skill, 0);
      r.onAck(`p${i}`, 20, load, 0);
      r.onGood(`p${i}`, skill, { wallMs: 1_000, load, grounded: true }, 0);
    }
    return candidate(`p${i}`, { load, loadAgeMs: 1e6, ...changes });
  });
}

const draft = (r: Router, peers: Candidate[], now: number, asked = request()) =>
  r.draft(asked, peers, now, wallStart + now);

describe("asking for load", () => {
  it("is left out while reports are fresh, and done for all the drawn when they are old", () => {
    const r = router();
    const peers = known(r, 8);
    expect(draft(r, peers, 200).ask).toEqual([]);
    const { ask, decision } = draft(r, peers, 60_000);
    expect(ask.toSorted()).toEqual(decision.order.toSorted());
    expect(decision.order.length).toBeGreaterThanOrEqual(4);
  });

  it.each<[string, Partial<Candidate>, number]>([
    ["a run is shorter than the round trips", {}, 30],
    ["nobody is connected", { connected: false }, 1_000],
  ])("is left out when %s", (_why, changes, runMs) => {
    const r = router();
    const load = { ...idle, serviceMs: runMs };
    const peers = known(r, 8, load, changes).map((one) => one);
    for (let i = 0; i < 8; i++)
      for (let n = 0; n < 40; n++) r.onGood(`p${i}`, skill, { wallMs: runMs, load }, 0);
    expect(draft(r, peers, 60_000).ask).toEqual([]);
  });

  it("is left out when somebody idles near by, of whom it is known", () => {
    const r = router();
    const peers = known(r, 4);
    for (const peer of ["p0", "p1", "p2", "p3"]) r.onProbed(peer, 20, idle, 59_950);
    expect(draft(r, peers, 60_000).ask).toEqual([]);
    // Of one that is known to be busy the others may be the better choice.
    const s = router();
    const others = known(s, 4);
    s.onProbed("p0", 20, busy, 59_950);
    expect(draft(s, others, 60_000).ask.toSorted()).toEqual(["p1", "p2", "p3"]);
  });

  it("changes the choice, keeps to those drawn, and says so", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const r = router(seed);
      const peers = known(r, 12);
      const first = draft(r, peers, 60_000);
      expect(first.ask.length).toBeGreaterThan(2);
      const [free, ...others] = first.ask.toReversed() as [string, ...string[]];
      for (const peer of others) r.onProbed(peer, 20, { ...busy, queued: 50 }, 60_020);
      r.onProbed(free, 20, idle, 60_020);
      const decision = r.finish(first, skill, new Set(), 20, 60_020, wallStart + 60_020);
      expect(decision.order[0]).toBe(free);
      expect(decision.order.toSorted()).toEqual(first.decision.order.toSorted());
      expect(decision.considered.slice(0, decision.order.length).map(({ peer }) => peer)).toEqual(
        decision.order,
      );
      expect(decision.probes).toEqual({ asked: first.ask.length, answered: first.ask.length, waitedMs: 20 });
      expect(decision.omitted + decision.considered.length).toBe(12);
    }
  });

  it("takes silence for a long round trip", () => {
    const r = router();
    const peers = known(r, 4);
    const first = draft(r, peers, 60_000);
    const [silent, ...others] = first.ask as [string, ...string[]];
    for (const peer of others) r.onProbed(peer, 20, idle, 60_020);
    r.finish(first, skill, new Set([silent]), 80, 60_080, wallStart + 60_080);
    expect(r.gaugesOf(silent, 60_080).rttMs).toBe(80);
  });

  it("goes on after somebody's records were dropped meanwhile", () => {
    const r = router();
    const peers = known(r, 4);
    const first = draft(r, peers, 60_000);
    for (let i = 0; i < 10_100; i++) r.onProbed(`other-${i}`, 1, idle, 60_001);
    const decision = r.finish(first, skill, new Set(), 20, 60_020, wallStart + 60_020);
    expect(decision.order.toSorted()).toEqual(first.decision.order.toSorted());
  });
});

describe("somebody who idles", () => {
  it.each([true, false])("is found however many are drawn (known: %s)", (isKnown) => {
    for (let seed = 1; seed <= 10; seed++) {
      const r = router(seed);
      const peers = isKnown
        ? known(r, 16)
        : Array.from({ length: 16 }, (_, i) => candidate(`p${i}`, { load: idle }));
      const firsts = new Set<string>();
      const order: string[] = [];
      for (let i = 0; i < 16; i++) {
        const drawn = r.decide(request(), peers, 10, wallStart + 10).order;
        expect(
          drawn.some((peer) => !firsts.has(peer)),
          `one of ${16 - i} that idle was drawn`,
        ).toBe(true);
        const peer = drawn.find((one) => !firsts.has(one)) as string;
        if (isKnown) expect(drawn[0]).toBe(peer);
        firsts.add(peer);
        order.push(peer);
        r.onSent(peer, skill, 10);
      }
      expect(new Set(order).size).toBe(16);
    }
  });
});

describe("a second attempt", () => {
  it("is worth it after 400 ms, or the round trip and three runs, and never before anything is known", () => {
    const r = router();
    expect(r.hedgeAfterMs("p0", skill, 0)).toBeUndefined();
    known(r, 1);
    expect(r.hedgeAfterMs("p0", skill, 0)).toBe(3_020);
    expect(r.hedgeAfterMs("stranger", skill, 0)).toBe(3_000);
    r.onGood("fast", "quick", { wallMs: 5 }, 0);
    expect(r.hedgeAfterMs("fast", "quick", 0)).toBe(400);
  });

  it("waits longer where runs differ much: a long one is no slow one there", () => {
    const r = router();
    for (let i = 0; i < 60; i++) r.onGood("p", skill, { wallMs: i % 10 === 0 ? 20_000 : 100 }, 0);
    expect(r.hedgeAfterMs("p", skill, 0)).toBeGreaterThan(8_000);
  });

  it("goes to nobody while all are busy", () => {
    const hedge = request({ exclude: new Set(["p0"]), hedge: true });
    const free = router();
    const peers = known(free, 5);
    expect(free.decide(hedge, peers, 1, wallStart)).toMatchObject({ how: "hedge" });
    expect(free.decide(hedge, peers, 1, wallStart).order).not.toContain("p0");
    const full = router();
    expect(full.decide(hedge, known(full, 5, busy), 1, wallStart).order).toEqual([]);
  });

  it("that won tells that the first is slow, and that is believed only upwards", () => {
    const r = router();
    known(r, 1);
    r.onOvertaken("p0", skill, 6_000);
    expect(r.hedgeAfterMs("p0", skill, 0)).toBe(20 + 3 * 2_000);
    r.onOvertaken("p0", skill, 10);
    expect(r.hedgeAfterMs("p0", skill, 0)).toBe(20 + 3 * 2_000);
  });
});

it("prefers of two that are alike the one that is warm, and the one whose results are rated better", () => {
  const share = (prepare: (r: Router, peers: Candidate[]) => void): number => {
    const r = router(11);
    const peers = known(r, 2);
    prepare(r, peers);
    let hits = 0;
    for (let i = 0; i < 300; i++)
      if (r.decide(request(), peers, 1, wallStart + 1).order[0] === "p1") hits += 1;
    return hits / 300;
  };
  expect(share(() => {})).toBeLessThan(0.6);
  expect(share((_r, peers) => ((peers[1] as Candidate).warm = true))).toBeGreaterThan(0.75);
  expect(
    share((r) => {
      for (let i = 0; i < 20; i++) r.onRated("p0", skill, 0.2);
    }),
  ).toBeGreaterThan(0.9);
});
