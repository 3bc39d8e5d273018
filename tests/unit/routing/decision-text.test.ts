/** A decision is read back as it was stored, but for the places of its numbers; what older versions stored is read as it is. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ConsideredPeer, Decision } from "../../../src/routing/candidate.ts";
import { decisionFrom, decisionText } from "../../../src/routing/decision-text.ts";

const whole = fc.nat(5_000);
const number = fc.integer({ min: -1_000, max: 10_000_000 }).map((n) => n / 1_000 + 0);
const share = fc.nat(1_000).map((n) => n / 1_000);
const peer = fc.constantFrom("12D3KooWa", "12D3KooWb", "12D3KooWc", 'a "peer"');
const considered: fc.Arbitrary<ConsideredPeer> = fc.record({
  peer,
  local: fc.boolean(),
  trustMean: share,
  trustLower: share,
  reliability: share,
  inFlight: whole,
  load: fc.record({ running: whole, slots: whole, queued: whole, serviceMs: number }),
  score: fc.option(
    fc.record({
      rttMs: number,
      serviceMs: number,
      unreliabilityMs: number,
      distrustMs: number,
      priceMs: number,
      qualityMs: number,
      totalMs: number,
    }),
  ),
  refused: fc.oneof(fc.constant(""), fc.string()),
});

const decision: fc.Arbitrary<Decision> = fc
  .tuple(
    fc.array(considered, { maxLength: 4 }),
    fc.nat(4),
    fc.option(fc.array(peer, { maxLength: 3 }), { nil: undefined }),
    fc.constantFrom("best", "only", "pinned-peer", "none"),
    whole,
    fc.option(number, { nil: undefined }),
    fc.option(fc.record({ asked: whole, answered: whole, waitedMs: whole }), { nil: undefined }),
  )
  .map(([list, drawn, named, how, omitted, retryAfterMs, probes]) => {
    const order = named ?? list.slice(0, drawn).map((one) => one.peer);
    const made: Decision = { order, how, considered: list, omitted };
    if (retryAfterMs !== undefined) made.retryAfterMs = retryAfterMs;
    if (probes !== undefined) made.probes = probes;
    return made;
  });

test("what is stored is read back", () => {
  fc.assert(
    fc.property(decision, peer, (made, at) => {
      expect(decisionFrom(JSON.parse(decisionText(made, at)), at)).toEqual(made);
    }),
  );
});

test("numbers are kept to three places, and what is no number is none", () => {
  const load = { running: 0, slots: 1, queued: 0, serviceMs: 0.123_456 };
  const one = {
    peer: "p",
    local: false,
    trustLower: 0,
    reliability: 1,
    inFlight: 0,
    load,
    score: null,
    refused: "",
  };
  const made: Decision = {
    order: ["p"],
    how: "only",
    considered: [{ ...one, trustMean: Infinity }],
    omitted: 0,
  };
  const [read] = (decisionFrom(JSON.parse(decisionText(made, "q")), "q") as Decision).considered;
  expect(read?.load.serviceMs).toBe(0.123);
  expect(read?.trustMean).toBeNull();
});

test("older versions stored the object itself", () => {
  const old = { order: ["p"], how: "only", considered: [], omitted: 0 };
  expect(decisionFrom(old, "p")).toBe(old);
  expect(decisionFrom(undefined, "p")).toBeUndefined();
});
