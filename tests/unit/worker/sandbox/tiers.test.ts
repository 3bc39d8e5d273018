/** Tiers are there when their canary says so, and only then. */
import { expect, test } from "vitest";
import { silentLog } from "../../../../src/core/log.ts";
import {
  createTiers,
  type Tier,
  type TierName,
  type TierReport,
} from "../../../../src/worker/sandbox/tiers.ts";
import { manualClock } from "../../../support/manual-clock.ts";

function tier(name: TierName, check: Tier["check"]): Tier {
  return { name, title: name, check };
}

const good = (name: TierName): TierReport => ({ tier: name, ok: true, message: "held", hint: "", tried: [] });
const make = (...tiers: Tier[]) => createTiers({ tiers, clock: manualClock(), log: silentLog });

test("nothing is tried before it is asked for, and each tier once", async () => {
  let tried = 0;
  const tiers = make(tier("T0", () => Promise.resolve(((tried += 1), good("T0")))));
  expect(tried).toBe(0);
  expect(tiers.has("T0")).toBeUndefined();
  await Promise.all([tiers.report("T0"), tiers.report("T0")]);
  tiers.start();
  await tiers.report("T0");
  expect(tried).toBe(1);
  expect(tiers.passed()).toEqual(["T0"]);
});

test("a canary that throws is a tier that is missing, with the reason", async () => {
  const tiers = make(tier("T1", () => Promise.reject(new Error("no bwrap"))));
  expect(await tiers.report("T1")).toMatchObject({ ok: false, message: "no bwrap" });
  expect(tiers.has("T1")).toBe(false);
  expect(tiers.passed()).toEqual([]);
  expect(await tiers.report("T2")).toMatchObject({ ok: false });
});

test("each outcome is told, for the card", async () => {
  const told = Promise.withResolvers<void>();
  let changes = 0;
  const tiers = make(
    tier("T0", () => Promise.resolve(good("T0"))),
    tier("T1", () => Promise.reject(new Error("x"))),
  );
  tiers.start(() => {
    changes += 1;
    if (changes === 2) told.resolve();
  });
  await told.promise;
  expect(tiers.reports().map((report) => [report.tier, report.ok])).toEqual([
    ["T0", true],
    ["T1", false],
  ]);
});

test("closing ends a canary that hangs", async () => {
  const tiers = make(
    tier(
      "T2",
      (signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
    ),
  );
  tiers.start(() => expect.unreachable("nobody wants to hear it any more"));
  await tiers.close();
  expect(tiers.has("T2")).toBe(false);
});
