/**
 * A small mesh in simulated time: one node sends, ten peers work. What is asked is not who wins one decision but
 * where the work ends up.
 */
import { describe, expect, it } from "vitest";
import type { Load } from "../../../src/network/messages.ts";
import { createRouter } from "../../../src/routing/router.ts";
import { candidate, request, seeded, skill, wallStart } from "./fixtures.ts";

interface Worker {
  peer: string;
  runMs: number;
  /** Every output has another hash than promised: proved at once. */
  liar: boolean;
}

interface Running {
  worker: Worker;
  endsAt: number;
}

const slots = 2;

/** Sends `tasks` with at most `window` out at once; returns how many each worker got, and the time of it all. */
function simulate(workers: Worker[], tasks: number, window: number, seed: number) {
  const router = createRouter({ random: seeded(seed), self: "me" });
  const count = new Map(workers.map((w) => [w.peer, 0]));
  const busyUntil = new Map(workers.map((w) => [w.peer, Array.from({ length: slots }, () => 0)]));
  const out: Running[] = [];
  const lateShare: string[] = [];
  let now = 0;
  const loadOf = (w: Worker): Load => {
    const mine = out.filter((r) => r.worker === w).length;
    return {
      running: Math.min(mine, slots),
      slots,
      queued: Math.max(0, mine - slots),
      serviceMs: w.runMs,
    };
  };
  const candidates = workers.map((w) =>
    candidate(w.peer, { load: { running: 0, slots, queued: 0, serviceMs: 0 }, loadAgeMs: 1e9 }),
  );
  for (let sent = 0; sent < tasks || out.length > 0;) {
    if (sent < tasks && out.length < window) {
      const peer = router.decide(request(), candidates, now, wallStart + now).order[0];
      const worker = workers.find((w) => w.peer === peer);
      if (worker === undefined) throw new Error("nobody was chosen");
      sent += 1;
      count.set(worker.peer, (count.get(worker.peer) ?? 0) + 1);
      if (sent > tasks / 2) lateShare.push(worker.peer);
      router.onSent(worker.peer, skill, now);
      const lanes = busyUntil.get(worker.peer) ?? [0];
      const lane = lanes.indexOf(Math.min(...lanes));
      lanes[lane] = Math.max(now, lanes[lane] ?? 0) + worker.runMs;
      out.push({ worker, endsAt: lanes[lane] ?? now });
      router.onAck(worker.peer, 5, loadOf(worker), now);
      continue;
    }
    out.sort((x, y) => y.endsAt - x.endsAt);
    const done = out.pop();
    if (done === undefined) break;
    now = Math.max(now, done.endsAt);
    const { peer, liar, runMs } = done.worker;
    if (liar) router.onBad(peer, skill, "hash", now);
    else router.onGood(peer, skill, { wallMs: runMs, load: loadOf(done.worker) }, now);
  }
  return { count, lateShare, now, router };
}

const workers = (n: number, of: (i: number) => Partial<Worker> = () => ({})): Worker[] =>
  Array.from({ length: n }, (_, i) => ({ peer: `p${i}`, runMs: 100, liar: false, ...of(i) }));

describe.each([1, 2, 3, 4, 5])("seed %s", (seed) => {
  it("gives three liars of ten at most 5 % of the work, and 2 % of its second half", () => {
    const mesh = workers(10, (i) => ({ liar: i < 3, runMs: i < 3 ? 20 : 100 }));
    const { count, lateShare } = simulate(mesh, 1_000, 8, seed);
    const liars = new Set(["p0", "p1", "p2"]);
    const total = Array.from(count).reduce((sum, [peer, n]) => sum + (liars.has(peer) ? n : 0), 0);
    expect(total).toBeLessThan(50);
    expect(lateShare.filter((peer) => liars.has(peer)).length).toBeLessThan(10);
    for (const [peer, n] of count) if (!liars.has(peer)) expect(n, peer).toBeGreaterThan(50);
  });

  it("gives peers that are twenty times slower much less, and still uses them", () => {
    const mesh = workers(10, (i) => ({ runMs: i < 5 ? 100 : 2_000 }));
    const { count } = simulate(mesh, 600, 8, seed);
    const fast = [0, 1, 2, 3, 4].reduce((sum, i) => sum + (count.get(`p${i}`) ?? 0), 0);
    expect(600 - fast).toBeLessThan(fast / 5);
    for (const [peer, n] of count) expect(n, peer).toBeGreaterThan(0);
  });

  it.each([1, 32])("shares among fresh identical peers within a factor of three, %s at once", (window) => {
    const { count } = simulate(workers(10), 600, window, seed);
    const shares = Array.from(count.values());
    expect(Math.max(...shares)).toBeLessThan(3 * Math.min(...shares));
  });

  it("sends a burst into a fresh mesh to everybody, not to one", () => {
    const { count, now } = simulate(workers(10), 200, 200, seed);
    for (const [peer, n] of count) expect(n, peer).toBeGreaterThan(3);
    // 200 tasks of 100 ms in 20 slots need 1 s; the longest queue may be a few times that.
    expect(now).toBeLessThan(4_000);
  });

  it("finds the good one of two peers, where one lies", () => {
    const { count, router } = simulate(
      workers(2, (i) => ({ liar: i === 0 })),
      200,
      2,
      seed,
    );
    expect(count.get("p0")).toBeLessThan(20);
    expect(router.trustOf("p0", 0).lower).toBeLessThan(0.1);
  });
});

it("comes back to a peer whose link was down", () => {
  const router = createRouter({ random: seeded(1), self: "me" });
  const peers = ["a", "b", "c", "d", "e", "f"].map((p) => candidate(p));
  for (let n = 0; n < 6; n++) router.onLost("a", skill, n * 1_000);
  const times = (from: number): number => {
    let hits = 0;
    for (let i = 0; i < 300; i++) {
      const now = from + i;
      const peer = router.decide(request(), peers, now, wallStart + now).order[0] ?? "";
      router.onSent(peer, skill, now);
      router.onGood(peer, skill, { wallMs: 100 }, now);
      if (peer === "a") hits += 1;
    }
    return hits;
  };
  expect(times(6_000)).toBe(0);
  expect(times(2 * 3_600_000)).toBeGreaterThan(10);
});
