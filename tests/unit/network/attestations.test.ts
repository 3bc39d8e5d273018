import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { Attestation as WireAttestation, SignedAttestation } from "#protocols/trust";
import { limits } from "../../../src/core/limits.ts";
import type { Signer } from "../../../src/core/signatures.ts";
import { readAttestation, wireEquivocation } from "../../../src/network/attestation-codec.ts";
import type { Attestation, Equivocation } from "../../../src/network/attestation.ts";
import {
  createAttestationBook,
  type AttestationBook,
  type Taken,
} from "../../../src/network/attestations.ts";
import { manualClock, type ManualClock } from "../../support/manual-clock.ts";
import { attestationBy, claim, dayMs, newSigner } from "./trust-fixtures.ts";

const self = newSigner();
const alice = newSigner();
const bob = newSigner();

let clock: ManualClock;
let book: AttestationBook;
let told: string[];
const worth = new Map<string, number>();
const blocked = new Set<string>();
let proofs: Equivocation[];

function newBook(bounds?: { issuers: number; claims: number }): AttestationBook {
  return createAttestationBook({
    self: self.peer,
    network: "errand",
    clock,
    worth: (issuer) => worth.get(issuer) ?? 0,
    isBlocked: (peer) => blocked.has(peer),
    watcher: {
      taken: ({ issuer, claims }) => void told.push(`taken ${issuer} ${claims.length}`),
      dropped: (issuer) => void told.push(`dropped ${issuer}`),
      equivocation: (proof) => void proofs.push(proof),
    },
    ...(bounds !== undefined && { bounds }),
  });
}

beforeEach(() => {
  clock = manualClock();
  told = [];
  proofs = [];
  worth.clear();
  blocked.clear();
  book = newBook();
});

/** As it comes in its issuer's own envelope. */
function gossiped(signed: Uint8Array, to: AttestationBook = book): Taken {
  const read = readAttestation(signed, "errand", undefined);
  return to.take(signed, { author: read.problem === undefined ? read.attestation.issuer : "nobody" });
}

const by = (issuer: Signer, changes: Partial<Attestation> = {}): Uint8Array =>
  attestationBy(issuer, clock.now(), changes);

/** Signed like an attestation, whatever it holds. */
function signedRaw(issuer: Signer, fields: Partial<WireAttestation>, tail = ""): Uint8Array {
  const now = clock.now();
  const encoded = WireAttestation.encode({
    version: 1,
    network: "errand",
    issuer: issuer.peer,
    seq: now,
    issuedAt: now,
    expiresAt: now + 1_000,
    claims: [],
    ...fields,
  });
  const attestation = Buffer.concat([encoded, Buffer.from(tail, "hex")]);
  const signature = Buffer.from(issuer.sign("errand/attestation/1", attestation));
  return SignedAttestation.encode({ attestation, signature });
}

describe("what an issuer says", () => {
  test("holds until it says something else, which replaces all of it", () => {
    const first = by(alice, { claims: [claim(bob.peer), claim(bob.peer, { skill: "sleep" })] });
    expect(gossiped(first).verdict).toBe("new");
    expect([book.size, book.claims]).toEqual([1, 2]);
    clock.advance(1);
    expect(gossiped(by(alice, { claims: [claim(bob.peer)] })).verdict).toBe("new");
    expect([book.size, book.claims]).toEqual([1, 1]);
    expect(told).toEqual([`taken ${alice.peer} 2`, `taken ${alice.peer} 1`]);
  });

  test("is taken back by an attestation without it", () => {
    gossiped(by(alice, { claims: [claim(bob.peer)] }));
    clock.advance(1);
    expect(gossiped(by(alice)).verdict).toBe("new");
    expect([book.size, book.claims, told.at(-1)]).toEqual([1, 0, `taken ${alice.peer} 0`]);
  });

  test("cannot be played back: what was replaced stays so, and again is no news", () => {
    const praise = by(alice, { claims: [claim(bob.peer)] });
    gossiped(praise);
    clock.advance(1);
    const nothing = by(alice);
    gossiped(nothing);
    for (const take of [gossiped, (signed: Uint8Array) => book.take(signed, "relay")]) {
      expect(take(praise).verdict).toBe("old");
      expect(take(nothing).verdict).toBe("known");
    }
    expect([book.claims, told.length]).toEqual([0, 2]);
  });

  test("ends with its life, and nothing older comes back then", () => {
    const long = by(alice, { claims: [claim(bob.peer)] });
    clock.advance(1);
    const short = by(alice, { expiresAt: clock.now() + 1_000 });
    book.take(short, "relay");
    clock.advance(1_000);
    book.expire();
    expect([book.get(alice.peer), told.at(-1)]).toEqual([undefined, `dropped ${alice.peer}`]);
    expect(book.take(long, "relay").verdict).toBe("old");
    clock.advance(dayMs + limits.clockSkewMs);
    book.expire();
    expect(book.size).toBe(0);
  });
});

describe("it is ignored", () => {
  test.each([
    [
      "from the future",
      () => by(alice, { issuedAt: clock.now() + limits.clockSkewMs + 1, expiresAt: clock.now() + dayMs }),
      "future",
    ],
    ["expired", () => by(alice, { issuedAt: clock.now() - 2_000, expiresAt: clock.now() }), "expired"],
    ["of another network", () => attestationBy(alice, clock.now(), {}, "lab"), "network"],
    ["of a later version", () => signedRaw(alice, { version: 2 }), "version"],
  ] as const)("%s", (_what, make, problem) => {
    expect(gossiped(make())).toMatchObject({ verdict: "ignored", problem });
    expect([book.size, told]).toEqual([0, []]);
    expect(Object.values(book.counters)).toEqual([1]);
  });

  test("within the difference of clocks it is taken", () => {
    const ahead = by(alice, { issuedAt: clock.now() + limits.clockSkewMs, expiresAt: clock.now() + dayMs });
    expect(gossiped(ahead).verdict).toBe("new");
  });

  test("of a blocked issuer", () => {
    blocked.add(alice.peer);
    expect(gossiped(by(alice))).toMatchObject({ verdict: "ignored", problem: "blocked" });
  });
});

describe("it is hostile", () => {
  const peer = bob.peer;
  test.each([
    ["garbage", () => Uint8Array.of(0xff, 0xff, 0xff)],
    ["nothing", () => new Uint8Array()],
    [
      "too large",
      () =>
        Buffer.concat([by(alice), Buffer.from("1a8080040000", "hex"), Buffer.alloc(limits.attestationBytes)]),
    ],
    ["without a version", () => signedRaw(alice, { version: 0 })],
    ["with a life of more than a day", () => signedRaw(alice, { expiresAt: clock.now() + dayMs + 1 })],
    ["that ends before it begins", () => signedRaw(alice, { expiresAt: clock.now() - 1 })],
    ["without a number", () => signedRaw(alice, { seq: 0 })],
    ["with a number beyond all numbers", () => signedRaw(alice, {}, "20ffffffffffffffff0f")],
    ["of nobody", () => signedRaw(alice, { issuer: "nobody" })],
    ["about its issuer", () => signedRaw(alice, { claims: [claim(alice.peer)] })],
    ["about nobody", () => signedRaw(alice, { claims: [claim("nobody")] })],
    ["about no skill", () => signedRaw(alice, { claims: [claim(peer, { skill: "No Skill" })] })],
    ["with more verdicts than it may claim", () => signedRaw(alice, { claims: [claim(peer, { pos: 51 })] })],
    ["with the same claim twice", () => signedRaw(alice, { claims: [claim(peer), claim(peer)] })],
    [
      "with claims out of order",
      () => signedRaw(alice, { claims: [claim(peer, { skill: "b" }), claim(peer, { skill: "a" })] }),
    ],
    [
      "with 65 claims",
      () =>
        signedRaw(alice, {
          claims: Array.from({ length: 65 }, (_, i) => claim(peer, { skill: `s${100 + i}` })),
        }),
    ],
    ["signed by another", () => signedRaw(bob, { issuer: alice.peer })],
    [
      "with a byte changed",
      () => {
        const bytes = Uint8Array.from(by(alice, { claims: [claim(peer)] }));
        const at = bytes.length - 70;
        bytes[at] = (bytes[at] as number) ^ 1;
        return bytes;
      },
    ],
  ] as const)("%s", (_what, make) => {
    expect(book.take(make(), "relay").verdict).toBe("hostile");
    expect([book.size, told]).toEqual([0, []]);
  });

  test("in the envelope of another", () => {
    expect(book.take(by(alice), { author: bob.peer })).toMatchObject({
      verdict: "hostile",
      problem: "envelope",
    });
  });

  test("with 64 claims of the longest skill ids it fits", () => {
    const claims = Array.from({ length: 64 }, (_, i) =>
      claim(peer, { skill: `${"x".repeat(61)}${100 + i}` }),
    );
    expect(gossiped(by(alice, { claims })).verdict).toBe("new");
  });
});

describe("two bodies under one number", () => {
  test("silence their issuer, and are a proof that others can check", () => {
    gossiped(by(alice, { claims: [claim(bob.peer)] }));
    expect(book.take(by(alice), "relay").verdict).toBe("equivocation");
    expect([book.get(alice.peer), told.at(-1)]).toEqual([undefined, `dropped ${alice.peer}`]);
    clock.advance(1);
    expect(gossiped(by(alice))).toMatchObject({ verdict: "ignored", problem: "silenced" });
    const other = newBook();
    const [proof] = proofs;
    if (proof === undefined) throw new Error("no proof");
    expect(other.prove(wireEquivocation(proof))).toBe(true);
    expect(other.prove(wireEquivocation(proof))).toBe(false);
    expect(gossiped(by(alice), other)).toMatchObject({ problem: "silenced" });
    clock.advance(limits.equivocationKeptMs);
    other.expire();
    expect(gossiped(by(alice), other).verdict).toBe("new");
  });

  test("need both signatures: nobody can silence another", () => {
    const honest = by(alice, { claims: [claim(bob.peer)] });
    gossiped(honest);
    const forged = signedRaw(bob, { issuer: alice.peer, seq: clock.now(), expiresAt: clock.now() + dayMs });
    expect(book.take(forged, "relay")).toMatchObject({ verdict: "hostile", problem: "forged" });
    expect(book.prove(wireEquivocation({ issuer: "", first: honest, second: forged }))).toBeUndefined();
    expect(book.prove(wireEquivocation({ issuer: "", first: honest, second: honest }))).toBeUndefined();
    clock.advance(1);
    const later = by(alice);
    expect(book.prove(wireEquivocation({ issuer: "", first: honest, second: later }))).toBeUndefined();
    expect([book.claims, proofs]).toEqual([1, []]);
  });

  test("against one of whom nothing is held are looked at only if there is time for strangers", () => {
    const now = clock.now();
    const pair = [
      attestationBy(alice, now, { claims: [claim(bob.peer)] }),
      attestationBy(alice, now),
    ] as const;
    const wire = wireEquivocation({ issuer: "", first: pair[0], second: pair[1] });
    expect(book.prove(wire, () => false)).toBe(false);
    expect(proofs).toEqual([]);
    gossiped(pair[0]);
    expect(book.prove(wire, () => false)).toBe(true);
  });

  test("a second signature of the same words is no second body", () => {
    const signed = SignedAttestation.decode(by(alice));
    gossiped(SignedAttestation.encode(signed));
    const again = SignedAttestation.encode({ ...signed, signature: Buffer.alloc(64, 1) });
    expect(book.take(again, "relay").verdict).toBe("known");
  });
});

describe("bounds", () => {
  test(
    "an issuer is heard twice and then once a minute, and 100,000 more change nothing but a counter",
    { timeout: 120_000 },
    () => {
      const body = (seq: number): Uint8Array => signedOnce(alice, seq);
      const heap = (): number => {
        globalThis.gc?.();
        return process.memoryUsage().heapUsed;
      };
      const seq = clock.now();
      gossiped(by(alice, { claims: [claim(bob.peer)] }));
      gossiped(by(alice, { seq: seq + 1, claims: [claim(bob.peer)] }));
      const before = heap();
      const began = process.cpuUsage();
      let limited = 0;
      for (let i = 2; i < 100_002; i++) {
        if (book.take(body(seq + i), { author: alice.peer }).verdict === "limited") limited++;
      }
      expect(limited).toBe(100_000);
      // Loose, and not of the clock's time: a check of each signature alone would take 13 s.
      const { user, system } = process.cpuUsage(began);
      expect((user + system) / 1e6).toBeLessThan(10);
      expect(heap() - before).toBeLessThan(256 * 1024 * 1024);
      expect([book.size, book.claims, book.counters["attestationsLimited"]]).toEqual([1, 1, 100_000]);
      expect(told.length).toBe(2);
      clock.advance(60_000);
      expect(gossiped(by(alice)).verdict).toBe("new");
    },
  );

  /** Looks right until its signature is checked. */
  function signedOnce(issuer: Signer, seq: number): Uint8Array {
    const now = clock.now();
    const attestation = WireAttestation.encode({
      version: 1,
      network: "errand",
      issuer: issuer.peer,
      seq,
      issuedAt: now,
      expiresAt: now + dayMs,
      claims: [claim(bob.peer)],
    });
    return SignedAttestation.encode({ attestation, signature: Buffer.alloc(64, 1) });
  }

  test("a full book lets go of strangers, the quietest first, and keeps those who are heard", () => {
    const small = newBook({ issuers: 32, claims: 1_000 });
    const heard = Array.from({ length: 8 }, newSigner);
    for (const one of heard) {
      worth.set(one.peer, 1);
      gossiped(by(one, { claims: [claim(bob.peer)] }), small);
    }
    const strangers = Array.from({ length: 200 }, newSigner);
    for (const one of strangers) {
      expect(gossiped(by(one), small).verdict).toBe("new");
      expect(small.size).toBeLessThanOrEqual(32);
    }
    for (const one of heard) expect(small.get(one.peer)).toBeDefined();
    expect(small.get((strangers[0] as Signer).peer)).toBeUndefined();
    expect(small.get((strangers.at(-1) as Signer).peer)).toBeDefined();
  });

  test("whatever comes, the book holds no more than it may and counts right", () => {
    const issuers = Array.from({ length: 12 }, newSigner);
    const subjects = Array.from({ length: 6 }, () => newSigner().peer);
    const step = fc.record({
      issuer: fc.nat(11),
      seq: fc.integer({ min: 1, max: 6 }),
      claims: fc.nat(6),
      wait: fc.nat(3_600_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const small = newBook({ issuers: 5, claims: 12 });
        for (const { issuer, seq, claims, wait } of steps) {
          clock.advance(wait);
          const about = subjects.slice(0, claims).map((peer) => claim(peer));
          small.take(by(issuers[issuer] as Signer, { seq, claims: about }), "relay");
          small.expire();
          const held = [...small.all()];
          expect(held.length).toBeLessThanOrEqual(small.size);
          expect(small.size).toBeLessThanOrEqual(5);
          expect(small.claims).toBe(
            held.reduce((sum, { attestation }) => sum + attestation.claims.length, 0),
          );
          expect(small.claims).toBeLessThanOrEqual(12);
        }
      }),
      { numRuns: 50 },
    );
  });
});

test("whatever the bytes are, nothing is thrown, and nothing that was not signed is taken", () => {
  const signed = by(alice, { claims: [claim(bob.peer), claim(bob.peer, { skill: "sleep" })] });
  const body = SignedAttestation.decode(signed).attestation;
  const edit = fc.record({ at: fc.nat(signed.length - 1), to: fc.nat(255) });
  const edited = fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    const bytes = Uint8Array.from(signed);
    for (const { at, to } of edits) bytes[at] = to;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), edited), (bytes) => {
      const { verdict } = newBook().take(bytes, "relay");
      if (verdict !== "new") return;
      expect(SignedAttestation.decode(bytes).attestation).toEqual(body);
    }),
    { numRuns: 500 },
  );
});

test("one of this node itself is told apart, if it is its own", () => {
  expect(book.take(by(self), "relay").verdict).toBe("own");
  expect(book.take(signedRaw(bob, { issuer: self.peer }), "relay").verdict).toBe("hostile");
  expect(book.size).toBe(0);
  book.setOwn(by(self, { claims: [claim(bob.peer)] }));
  expect([...book.all()].map(({ attestation }) => attestation.issuer)).toEqual([self.peer]);
  expect(told).toEqual([]);
});
