import { beforeEach, expect, test } from "vitest";
import { limits } from "../../../src/core/limits.ts";
import { signCard } from "../../../src/network/card-codec.ts";
import { createCardTable, type CardTable } from "../../../src/network/card-table.ts";
import type { Card } from "../../../src/network/card.ts";
import { temporaryIdentity } from "../../../src/network/identity.ts";
import { card, skill } from "./fixtures.ts";
import { manualClock, type ManualClock } from "../../support/manual-clock.ts";

const self = await temporaryIdentity();
const alice = await temporaryIdentity();
const bob = await temporaryIdentity();

let clock: ManualClock;
let table: CardTable;
beforeEach(() => {
  clock = manualClock();
  table = createCardTable({ self: self.peer, network: "errand", clock });
});

const by = (issuer: typeof alice, changes: Partial<Card> = {}): Uint8Array =>
  signCard(card(issuer.peer, clock.now(), { skills: [skill("x")], ...changes }), issuer.signer);
const offering = (id: string): string[] => table.offering(id).map(({ card }) => card.peer);

test("a card is found by its skills, and by the new ones after an update", () => {
  expect(table.take(by(alice), "gossip").verdict).toBe("new");
  expect(offering("x")).toEqual([alice.peer]);
  clock.advance(1);
  table.take(by(alice, { skills: [skill("y")] }), "gossip");
  expect([offering("x"), offering("y")]).toEqual([[], [alice.peer]]);
});

test("the list for a skill is one array until something changes for that skill", () => {
  table.take(by(alice), "gossip");
  const list = table.offering("x");
  const generation = table.generation;
  table.take(by(bob, { skills: [skill("y")] }), "gossip");
  expect(table.offering("x")).toBe(list);
  expect(table.generation).toBeGreaterThan(generation);
  clock.advance(1);
  table.take(by(bob), "gossip");
  expect(offering("x").toSorted()).toEqual([alice.peer, bob.peer].toSorted());
});

test("an older card, or another with the same number, changes nothing", () => {
  const old = by(alice);
  clock.advance(10);
  table.take(by(alice, { name: "new" }), "gossip");
  expect(table.take(old, "direct").verdict).toBe("ignored");
  const rival = by(alice, { name: "rival" });
  expect(table.take(rival, "relay").verdict).toBe("known");
  expect(table.get(alice.peer)?.card.name).toBe("new");
});

test("a goodbye takes the peer out, and no copy of an old card brings it back", () => {
  const before = by(alice);
  table.take(before, "gossip");
  clock.advance(5);
  const goodbye = by(alice, { tombstone: true, skills: [] });
  expect(table.take(goodbye, "relay").verdict).toBe("left");
  expect(offering("x")).toEqual([]);
  for (const via of ["direct", "gossip", "relay", "stored"] as const) {
    expect(table.take(before, via).verdict).toBe("ignored");
  }
  // It returns with a higher number.
  clock.advance(5);
  expect(table.take(by(alice), "gossip").verdict).toBe("new");
});

test("a goodbye that comes before its card keeps the card out", () => {
  const before = by(alice);
  clock.advance(5);
  table.take(by(alice, { tombstone: true, skills: [] }), "gossip");
  expect(table.take(before, "relay").verdict).toBe("ignored");
});

test("a forgotten peer comes back by its own word, not by hearsay", () => {
  const signed = by(alice);
  table.take(signed, "gossip");
  table.forget(alice.peer);
  expect(offering("x")).toEqual([]);
  expect(table.take(signed, "relay").verdict).toBe("ignored");
  expect(table.take(signed, "gossip").verdict).toBe("ignored");
  expect(table.take(signed, "direct").verdict).toBe("new");
});

test("a card goes when it has outlived itself, counted from when it was heard", () => {
  // The issuer's clock is a minute behind: by ours, the card has just run out.
  table.take(by(alice, { issuedAt: clock.now() - 60_000, expiresAt: clock.now() }), "gossip");
  clock.advance(59_000);
  expect(table.expire()).toEqual([]);
  clock.advance(1_000);
  expect(table.expire()).toEqual([alice.peer]);
  expect([offering("x"), table.size]).toEqual([[], 0]);
});

test("a relayed card is as old as it says: the dead are not handed on for ever", () => {
  const signed = by(alice);
  clock.advance(50_000);
  expect(table.take(signed, "relay").verdict).toBe("new");
  clock.advance(10_000);
  expect(table.expire()).toEqual([alice.peer]);
  expect(table.take(signed, "relay")).toMatchObject({ verdict: "ignored", problem: "expired" });
});

test("a suspect is kept but not offered until it is heard of again", () => {
  table.take(by(alice), "gossip");
  table.suspect(alice.peer);
  expect([offering("x"), table.isSuspect(alice.peer), table.size]).toEqual([[], true, 1]);
  table.touch(alice.peer);
  expect(offering("x")).toEqual([alice.peer]);
});

test("what comes from the disk is a suspect", () => {
  table.take(by(alice), "stored");
  expect(offering("x")).toEqual([]);
});

test("a peer that misses its rhythm is overdue", () => {
  table.take(by(alice, { expiresAt: clock.now() + 60_000 }), "gossip");
  clock.advance(22_900);
  expect(table.overdue()).toEqual([]);
  clock.advance(200);
  expect(table.overdue()).toEqual([alice.peer]);
});

test("forgeries are told from what is merely useless, and our own card from others'", () => {
  const forged = signCard(card(alice.peer, clock.now()), bob.signer);
  expect(table.take(forged, "gossip").verdict).toBe("hostile");
  expect(table.take(Uint8Array.of(1, 2, 3), "relay").verdict).toBe("hostile");
  expect(table.take(by(alice, { network: "lab" }), "relay").verdict).toBe("ignored");
  expect(table.take(by(self), "relay")).toMatchObject({ verdict: "own", seq: clock.now() });
  expect(table.size).toBe(0);
});

test("setting the wall clock does not bring cards to an end", () => {
  table.take(by(alice), "gossip");
  clock.setWall(clock.now() + 3_600_000);
  clock.advance(1_000);
  expect(table.expire()).toEqual([]);
});

test("goodbyes are not remembered for ever", () => {
  table.take(by(alice, { tombstone: true, skills: [] }), "gossip");
  clock.advance(limits.cardLifetimeMs + 2 * limits.clockSkewMs + 1);
  table.expire();
  expect(table.take(by(alice), "gossip").verdict).toBe("new");
});
