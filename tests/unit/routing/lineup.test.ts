/** What a router keeps between decisions must not show in them. */
import { expect, it } from "vitest";
import type { Candidate } from "../../../src/routing/candidate.ts";
import { createRouter } from "../../../src/routing/router.ts";
import { candidate, request, seeded, skill, wallStart } from "./fixtures.ts";

const mesh = Array.from({ length: 40 }, (_, i) =>
  candidate(`peer-${i}`, { local: i === 0, price: i % 3, blocked: i === 7, pin: i === 8 ? 1 : undefined }),
);

/** Forty tasks at each of two skills, with all kinds of ends; `offer` gives the candidates of each decision. */
function decisions(offer: (step: number) => readonly Candidate[]): unknown[] {
  const router = createRouter({ random: seeded(7), self: "peer-0" });
  const fate = seeded(8);
  const made: unknown[] = [];
  for (let step = 0; step < 400; step++) {
    const now = step * 700;
    const asked = request({
      skill: step % 2 === 0 ? skill : "other",
      exclude: new Set(step % 5 === 0 ? ["peer-3", "nobody"] : []),
      minTrust: step % 7 === 0 ? 0.3 : 0,
      maxPrice: step % 11 === 0 ? 1 : undefined,
      timeoutMs: step % 13 === 0 ? 40 : 60_000,
    });
    const decision = router.decide(asked, offer(step), now, wallStart + now);
    made.push(decision);
    const peer = decision.order[0];
    if (peer === undefined) continue;
    router.onSent(peer, asked.skill, now);
    router.onAck(peer, 10 + 60 * fate(), { running: 1, slots: 4, queued: 0, serviceMs: 50 }, now);
    const end = fate();
    if (end < 0.5) router.onGood(peer, asked.skill, { wallMs: 50 * fate(), grounded: end < 0.3 }, now);
    else if (end < 0.6) router.onBad(peer, asked.skill, "wrong", now);
    else if (end < 0.75) router.onLost(peer, asked.skill, now);
    else if (end < 0.85) router.onTimeout(peer, asked.skill, now);
    else router.onRefused(peer, undefined, 2_000, now);
  }
  return made;
}

const same = decisions(() => mesh);

it("decides alike on the same candidates and on copies of them", () => {
  expect(decisions(() => mesh.map((one) => ({ ...one })))).toEqual(same);
});

it("counts a peer that is named twice once", () => {
  expect(decisions((step) => (step % 2 === 0 ? mesh : [...mesh, ...mesh.slice(5)]))).toEqual(same);
});

it("finds those that went and came back", () => {
  const few = mesh.slice(10, 20);
  const there = new Set(few.map(({ peer }) => peer));
  const made = decisions((step) => (step % 3 === 0 ? few : step % 3 === 1 ? mesh.toReversed() : mesh));
  for (const [step, decision] of made.entries())
    if (step % 3 === 0)
      for (const peer of (decision as { order: string[] }).order) expect(there).toContain(peer);
});
