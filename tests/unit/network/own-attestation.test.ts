import { beforeEach, expect, test } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { readAttestation } from "../../../src/network/attestation-codec.ts";
import type { Attestation, Claim } from "../../../src/network/attestation.ts";
import {
  attestationIntervalMs,
  createOwnAttestation,
  type OwnAttestation,
  type OwnAttestationOptions,
} from "../../../src/network/own-attestation.ts";
import { manualClock, type ManualClock } from "../../support/manual-clock.ts";
import { claim, dayMs, newSigner } from "./trust-fixtures.ts";

const signer = newSigner();
const bob = newSigner().peer;
const carol = newSigner().peer;

let clock: ManualClock;
let claims: Claim[];
let withheld: Set<string>;
let stored: { seq: number; signed: Uint8Array | undefined };
let published: Attestation[];
let savingFails: boolean;
let saidAgain: number;
let told: number;

beforeEach(() => {
  clock = manualClock();
  claims = [];
  withheld = new Set();
  stored = { seq: 0, signed: undefined };
  published = [];
  savingFails = false;
  saidAgain = 0;
  told = 0;
});

function start(options: Partial<OwnAttestationOptions> = {}): OwnAttestation {
  const own = createOwnAttestation({
    network: "errand",
    signer,
    claims: () => claims,
    said: () => void told++,
    isWithheld: (subject) => withheld.has(subject),
    last: stored,
    async save(signed, seq) {
      if (savingFails) throw new Error("the disk is full");
      stored = { seq, signed };
    },
    async publish(signed) {
      const read = readAttestation(signed, "errand", clock.now());
      if (read.problem !== undefined) throw new Error(read.problem);
      // What others see is on disk before they do.
      expect(stored.seq).toBe(read.attestation.seq);
      if (published.at(-1)?.seq === read.attestation.seq) saidAgain++;
      else published.push(read.attestation);
    },
    meshSize: () => 10,
    clock,
    random: () => 0.5,
    log: silentLog,
    ...options,
  });
  own.start();
  return own;
}

/** Lets time pass in small steps, with everything that follows from each. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    clock.advance(Math.min(left, 1_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("nothing is said while there is nothing to say, and a change at most once a minute", async () => {
  const own = start();
  await pass(120_000);
  expect(published).toEqual([]);
  claims = [claim(bob)];
  await pass(10_000);
  expect(published.map(({ claims }) => claims)).toEqual([[claim(bob)]]);
  for (let pos = 6; pos < 26; pos++) {
    claims = [claim(bob, { pos })];
    await pass(5_000);
  }
  own.stop();
  expect(published.length).toBe(2);
  expect(told).toBe(2);
  expect(published[1]?.seq).toBeGreaterThan(published[0]?.seq as number);
});

test("what does not change is said again when half of its life is over", async () => {
  claims = [claim(bob)];
  const own = start();
  await pass(10_000);
  claims = [claim(bob, { lastEpoch: 500_001 })];
  await pass(600_000);
  expect(published.length).toBe(1);
  clock.advance(dayMs / 2);
  await pass(10_000);
  expect(published.length).toBe(2);
  own.stop();
});

test("it is said again soon, and seldom from then on, until there is something else to say", async () => {
  claims = [claim(bob)];
  const own = start();
  await own.issue();
  await pass(80_000);
  expect(saidAgain).toBe(3);
  await pass(3_600_000);
  expect(saidAgain).toBe(9);
  own.stop();
  await pass(3_600_000);
  expect([saidAgain, published.length]).toEqual([9, 1]);
});

test("after a restart it is said again as it was, unless there is something else to say", async () => {
  claims = [claim(bob)];
  const before = start();
  await before.issue();
  before.stop();
  const after = start();
  await pass(600_000);
  expect([published.length, saidAgain > 0]).toEqual([1, true]);
  claims = [];
  await pass(10_000);
  after.stop();
  expect(published.map(({ claims }) => claims.length)).toEqual([1, 0]);
});

test("a claim that is gone is taken back, and so is what the operator withholds", async () => {
  claims = [claim(bob), claim(carol)];
  const own = start();
  await pass(10_000);
  withheld.add(carol);
  await own.issue();
  claims = [];
  await pass(70_000);
  own.stop();
  expect(published.map(({ claims }) => claims.length)).toEqual([2, 1, 0]);
});

test("a number is never used twice: not after a restart, and not when the clock goes back", async () => {
  claims = [claim(bob)];
  const before = start();
  await before.issue();
  await before.issue();
  before.stop();
  clock.setWall(clock.now() - 3_600_000);
  const after = start();
  await after.issue();
  expect(after.signed).toEqual(stored.signed);
  after.stop();
  const seqs = published.map(({ seq }) => seq);
  expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
});

test("what cannot be written is not said, and its number is not used again", async () => {
  claims = [claim(bob)];
  savingFails = true;
  const own = start();
  await expect(own.issue()).rejects.toThrow("disk");
  const lost = own.seq;
  savingFails = false;
  await own.issue();
  own.stop();
  expect(published.map(({ seq }) => seq > lost)).toEqual([true]);
});

test("one of ours with a higher number, from before the disk was lost, is outdone", async () => {
  const own = start();
  const seq = clock.now() + 1_000_000;
  own.outdo(seq);
  own.outdo(2 ** 52);
  await own.issue();
  own.stop();
  expect(published.map((one) => one.seq)).toEqual([seq + 1]);
});

test("a large mesh says less often", () => {
  expect([10, 300, 3_000].map(attestationIntervalMs)).toEqual([60_000, 60_000, 600_000]);
});
