import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Card as WireCard, SignedCard } from "#protocols/card";
import { limits } from "../../../src/core/limits.ts";
import { checkCard, claimOf, signCard } from "../../../src/network/card-codec.ts";
import { temporaryIdentity } from "../../../src/network/identity.ts";
import { card, skill } from "./fixtures.ts";

const now = 1_800_000_000_000;
const { peer, signer } = await temporaryIdentity();
const stranger = await temporaryIdentity();

const word = fc.stringMatching(/^[ -~]{0,40}$/);
const count = fc.nat(2 ** 31);
const cards = fc.record({
  name: word,
  role: word,
  tags: fc.array(word, { maxLength: 8 }),
  seq: fc.integer({ min: 1, max: 2 ** 50 }),
  load: fc.record({ running: count, slots: count, queued: count, serviceMs: count }),
  skills: fc.uniqueArray(
    fc.record({
      id: fc.stringMatching(/^[a-z]{1,8}(\.[a-z]{1,8})?$/),
      description: word,
      price: fc.nat(1_000_000).map((n) => n / 1_000),
      deterministic: fc.boolean(),
      inputSchemaHash: fc.constantFrom("", "ab".repeat(32)),
    }),
    { maxLength: 8, selector: ({ id }) => id },
  ),
});

test("what is signed comes back as it was", () => {
  fc.assert(
    fc.property(cards, ({ skills, ...rest }) => {
      const whole = card(peer, now, { ...rest, skills: skills.map((s) => skill(s.id, s)) });
      expect(checkCard(signCard(whole, signer), "errand", now)).toEqual({ card: whole });
    }),
    { numRuns: 50 },
  );
});

test("no flipped bit passes, and no bytes make it throw", () => {
  const good = signCard(card(peer, now, { skills: [skill("text.stats")] }), signer);
  fc.assert(
    fc.property(fc.nat(good.length * 8 - 1), (bit) => {
      const bad = Uint8Array.from(good);
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      const checked = checkCard(bad, "errand", now);
      // A flip in the outer envelope may yield the same inner bytes; then it is the same card.
      if (checked.problem === undefined) expect(checked.card.seq).toBe(now);
      else expect(checked.problem).not.toBe("");
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(checkCard(bytes, "errand", now)).toHaveProperty("problem");
      claimOf(bytes);
    }),
  );
});

test("a card signed by somebody else is hostile", () => {
  const forged = signCard(card(peer, now), stranger.signer);
  expect(checkCard(forged, "errand", now)).toEqual({ problem: "forged", hostile: true });
});

test.each([
  ["of another network", { network: "lab" }],
  ["expired", { issuedAt: now - 600_000, expiresAt: now - limits.clockSkewMs - 1 }],
  ["from the future", { issuedAt: now + limits.clockSkewMs + 1, expiresAt: now + limits.clockSkewMs + 2 }],
  ["version 2", { version: 2 }],
])("%s: not used, but no sign of malice", (problem, changes) => {
  expect(checkCard(signCard(card(peer, now, changes), signer), "errand", now)).toEqual({
    problem,
    hostile: false,
  });
});

test.each([
  ["it lives too long", { expiresAt: now + limits.cardLifetimeMs + 1 }],
  ["it ends before it begins", { expiresAt: now - 1 }],
  ["it has too many skills", { skills: Array.from({ length: 257 }, (_, i) => skill(`s${i}`)) }],
  ["a skill's id is none", { skills: [skill("../etc")] }],
  ["a skill's access is none", { skills: [skill("a", { access: "root" as "listed" })] }],
  ["a tombstone has skills", { tombstone: true, skills: [skill("a")] }],
  ["its PeerId is none", { peer: "12D3KooWnobody" }],
])("hostile, because %s", (_, changes) => {
  expect(checkCard(signCard(card(peer, now, changes), signer), "errand", now)).toMatchObject({
    hostile: true,
  });
});

test("256 skills fit; examples go first when they do not, and then it is an error", () => {
  const skills = Array.from({ length: 256 }, (_, i) =>
    skill(`skill.number${i}`, { description: "d".repeat(60) }),
  );
  const plain = signCard(card(peer, now, { skills }), signer);
  expect(plain.length).toBeLessThanOrEqual(limits.cardBytes);
  const rich = skills.map((s) => ({ ...s, examples: [JSON.stringify("x".repeat(200))] }));
  const lean = checkCard(signCard(card(peer, now, { skills: rich }), signer), "errand", now);
  expect(lean).toEqual({ card: card(peer, now, { skills }) });
  const huge = skills.map(({ id }) => skill(id, { description: "d".repeat(1_000) }));
  expect(() => signCard(card(peer, now, { skills: huge }), signer)).toThrow(
    expect.objectContaining({ code: "LimitExceeded" }),
  );
});

test("an oversized card is hostile before it is decoded", () => {
  const padded = SignedCard.encode({ card: new Uint8Array(limits.cardBytes), signature: new Uint8Array(64) });
  expect(checkCard(padded, "errand", now)).toMatchObject({ hostile: true });
  expect(claimOf(padded)).toBeUndefined();
});

test("control characters of a peer's text do not reach a terminal", () => {
  const checked = checkCard(signCard(card(peer, now, { name: "\u001b[2Jboo\u202e" }), signer), "errand", now);
  expect(checked).toMatchObject({ card: { name: " [2Jboo " } });
});

test("fields of a later version survive a relay, for the signature covers the bytes as received", () => {
  const inner = Buffer.concat([
    WireCard.encode({
      version: 1,
      network: "errand",
      peerId: peer,
      seq: 1,
      issuedAt: now,
      expiresAt: now + 1_000,
    }),
    // Field 100, a varint.
    Uint8Array.of(0xa0, 0x06, 0x01),
  ]);
  const signature = Buffer.from(signer.sign("errand/card/1", inner));
  const signed = SignedCard.encode({ card: inner, signature });
  const relayed = SignedCard.encode(SignedCard.decode(signed));
  expect(checkCard(relayed, "errand", now)).toMatchObject({ card: { seq: 1 } });
});
