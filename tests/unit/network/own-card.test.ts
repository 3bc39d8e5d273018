import { expect, test } from "vitest";
import { limits } from "../../../src/core/limits.ts";
import { checkCard } from "../../../src/network/card-codec.ts";
import type { Card } from "../../../src/network/card.ts";
import { temporaryIdentity } from "../../../src/network/identity.ts";
import { cardIntervalMs, createOwnCard } from "../../../src/network/own-card.ts";
import { facts, skill } from "./fixtures.ts";
import { manualClock } from "../../support/manual-clock.ts";

const { signer } = await temporaryIdentity();

function setUp(meshSize = 10) {
  const clock = manualClock();
  const own = createOwnCard({
    network: "errand",
    signer,
    facts: () => facts([skill("x")]),
    meshSize: () => meshSize,
    clock,
  });
  const read = (signed: Uint8Array): Card => {
    const checked = checkCard(signed, "errand", clock.now());
    if (checked.problem !== undefined) throw new Error(checked.problem);
    return checked.card;
  };
  return { clock, own, read };
}

test("numbers grow even when the clock stands still or goes back", () => {
  const { clock, own, read } = setUp();
  const first = read(own.renew()).seq;
  expect(read(own.renew()).seq).toBe(first + 1);
  clock.setWall(clock.now() - 60_000);
  expect(read(own.renew()).seq).toBe(first + 2);
});

test("a card of ours from a former life with a higher number is outdone", () => {
  const { own, read } = setUp();
  const { seq } = read(own.current());
  own.outdo(seq + 1_000);
  expect(read(own.current()).seq).toBe(seq + 1_001);
  own.outdo(2 ** 53 - 1);
  expect(read(own.renew()).seq).toBe(seq + 1_002);
});

test("the current card is reused while it is fresh", () => {
  const { clock, own } = setUp();
  const first = own.current();
  clock.advance(limits.cardIntervalMs - 1);
  expect(own.current()).toBe(first);
  clock.advance(1);
  expect(own.current()).not.toBe(first);
});

test("after the goodbye there is only the goodbye", () => {
  const { clock, own, read } = setUp();
  own.renew();
  expect(read(own.goodbye())).toMatchObject({ tombstone: true, skills: [] });
  clock.advance(600_000);
  expect(read(own.renew()).tombstone).toBe(true);
});

test("a whole mesh stays below five cards a second, and no card outlives the limit", () => {
  expect(cardIntervalMs(1)).toBe(20_000);
  expect(cardIntervalMs(100)).toBe(20_000);
  for (const nodes of [150, 400, 1_000])
    expect((nodes / cardIntervalMs(nodes)) * 1_000).toBeLessThanOrEqual(5);
  const { own, read } = setUp(100_000);
  const { issuedAt, expiresAt } = read(own.renew());
  expect(expiresAt - issuedAt).toBe(limits.cardLifetimeMs);
});
