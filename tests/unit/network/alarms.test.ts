import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { SignedFault } from "#protocols/trust";
import { limits } from "../../../src/core/limits.ts";
import type { Signer } from "../../../src/core/signatures.ts";
import { signFault, type Fault } from "../../../src/network/alarm-codec.ts";
import { createAlarms, type Alarms } from "../../../src/network/alarms.ts";
import { createResponseVerifier } from "../../../src/network/attest.ts";
import { manualClock, type ManualClock } from "../../support/manual-clock.ts";
import { newSigner, resultBy } from "./trust-fixtures.ts";

const self = newSigner();
const reporter = newSigner();
const liar = newSigner();
const right = new Uint8Array(32).fill(3);

let clock: ManualClock;
let alarms: Alarms;
let raised: string[];
let vouched: Set<string>;

beforeEach(() => {
  clock = manualClock();
  raised = [];
  vouched = new Set();
  alarms = createAlarms({
    self: self.peer,
    network: "errand",
    clock,
    verify: createResponseVerifier(),
    isBlocked: () => false,
    isVouched: (peer) => vouched.has(peer),
    raised: ({ peer, skill, until }) => void raised.push(`${peer} ${skill} ${until - clock.now()}`),
  });
});

function alarm(changes: Partial<Fault> = {}, signer: Signer = reporter, network = "errand"): SignedFault {
  const wrong = resultBy(liar, signer.peer);
  const fault = { issuedAt: clock.now(), wrong, groundedHash: right, ...changes };
  return SignedFault.decode(signFault(fault, network, signer));
}

test("an alarm makes its provider be checked for a while, once", () => {
  expect(alarms.take(alarm())).toEqual({ verdict: "new", reporter: reporter.peer });
  expect(raised).toEqual([`${liar.peer} echo ${limits.alarmForcesMs}`]);
  expect(alarms.take(alarm({}, newSigner())).verdict).toBe("known");
  expect(alarms.inForce()).toMatchObject([{ peer: liar.peer, skill: "echo", reporter: reporter.peer }]);
  clock.advance(limits.alarmForcesMs);
  alarms.expire();
  expect(alarms.inForce()).toEqual([]);
  expect(alarms.take(alarm()).verdict).toBe("new");
});

test("two results of one worker that contradict each other, or the right one of another, go along", () => {
  for (const worker of [liar, newSigner()]) {
    const wrong = resultBy(liar, reporter.peer, { skill: worker === liar ? "echo" : "sleep" });
    const { inputHash, skill } = wrong;
    const other = resultBy(worker, reporter.peer, { inputHash, skill, outputHash: right });
    expect(alarms.take(alarm({ wrong, other })).verdict).toBe("new");
  }
});

describe("refused as hostile is what proves nothing", () => {
  const theirs = (changes: Parameters<typeof resultBy>[2] = {}) => resultBy(liar, reporter.peer, changes);
  const stranger = newSigner();
  test.each([
    [
      "a result that its worker did not sign",
      () => alarm({ wrong: { ...theirs(), outputHash: new Uint8Array(32).fill(9) } }),
    ],
    ["a result given to somebody else", () => alarm({ wrong: resultBy(liar, stranger.peer) })],
    ["the reporter's own result", () => alarm({ wrong: resultBy(reporter, reporter.peer) })],
    ["an answer that is the same", () => alarm({ groundedHash: new Uint8Array(32).fill(2) })],
    ["no answer", () => alarm({ groundedHash: new Uint8Array() })],
    [
      "another result with another output",
      () => alarm({ other: theirs({ outputHash: new Uint8Array(32).fill(7) }) }),
    ],
    [
      "another result for another input",
      () => alarm({ other: theirs({ inputHash: new Uint8Array(32).fill(7), outputHash: right }) }),
    ],
    [
      "another result of another skill",
      () => alarm({ other: theirs({ skill: "sleep", outputHash: right }) }),
    ],
    ["another result that nobody signed", () => alarm({ other: { ...theirs(), outputHash: right } })],
    ["garbage", () => ({ fault: Buffer.from([0xff, 0xff]), signature: Buffer.alloc(64) })],
    ["no evidence", () => ({ fault: Buffer.alloc(0), signature: Buffer.alloc(64) })],
    ["another's signature", () => ({ ...alarm(), signature: Buffer.from(alarm({}, stranger).signature) })],
  ] as const)("%s", (_what, make) => {
    expect(alarms.take(make()).verdict).toBe("hostile");
    expect(raised).toEqual([]);
  });
});

test.each([
  ["an old one", () => alarm({ issuedAt: clock.now() - limits.alarmAgeMs })],
  ["one from the future", () => alarm({ issuedAt: clock.now() + limits.clockSkewMs + 1 })],
  ["one of another network", () => alarm({}, reporter, "lab")],
  ["one about this node", () => alarm({ wrong: resultBy(self, reporter.peer) })],
  ["this node's own", () => alarm({}, self)],
] as const)("%s is ignored", (_what, make) => {
  expect(alarms.take(make()).verdict).toBe("ignored");
  expect(raised).toEqual([]);
});

test("whatever the bytes are, nothing is thrown, and only what was signed counts", () => {
  const { fault, signature } = alarm();
  const edit = fc.record({ at: fc.nat(fault.length - 1), to: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const bytes = Buffer.from(fault);
      for (const { at, to } of edits) bytes[at] = to;
      const same = bytes.equals(Buffer.from(fault));
      const { verdict } = alarms.take({ fault: bytes, signature });
      if (!same) expect(verdict).not.toBe("new");
    }),
    { numRuns: 300 },
  );
});

test("a reporter is heard so often and no more", () => {
  const cry = (): string => alarms.take(alarm({ wrong: resultBy(newSigner(), reporter.peer) })).verdict;
  const verdicts = Array.from({ length: limits.alarmBurst + 3 }, cry);
  expect(verdicts.filter((verdict) => verdict === "new").length).toBe(limits.alarmBurst);
  expect(verdicts.at(-1)).toBe("limited");
  clock.advance(limits.alarmEveryMs);
  expect(cry()).toBe("new");
});

test("strangers cannot fill it", () => {
  const skills = Array.from({ length: limits.alarmsKept }, (_, i) => `s${i}`);
  const cry = (skill: string, signer: Signer): string =>
    alarms.take(alarm({ wrong: resultBy(liar, signer.peer, { skill }) }, signer)).verdict;
  let stranger = newSigner();
  let said = 0;
  for (const skill of skills) {
    if (said++ % limits.alarmBurst === 0) stranger = newSigner();
    cry(skill, stranger);
  }
  expect(alarms.inForce().length).toBe(limits.alarmsKept / 2);
  expect(cry("late", newSigner())).toBe("limited");
  vouched.add(reporter.peer);
  expect(cry("late", reporter)).toBe("new");
});
