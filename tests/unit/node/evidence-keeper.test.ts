/** What a node learned about its peers is there after a restart, with its reasons. */
import { expect, test } from "vitest";
import { keepEvidence } from "../../../src/node/evidence-keeper.ts";
import { createRouter } from "../../../src/routing/router.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { temporaryStore } from "../storage/temporary-store.ts";

test("trust, its reasons and how credible others proved outlive the process", async () => {
  const { store, path } = await temporaryStore();
  const clock = manualClock();
  const router = createRouter({ random: () => 0.5, self: "me" });
  const stop = (await keepEvidence({ router, store, clock })).start();
  const wallMs = clock.now();
  router.setPins(new Map([["friend", 1]]));
  router.tick(clock.monotonic(), wallMs);
  const claims = [{ subject: "worker", skill: "echo", pos: 9, neg: 0, grounded: true, lastEpoch: 0 }];
  router.onAttestation(
    { issuer: "friend", seq: 1, issuedAt: wallMs, expiresAt: wallMs + 3_600_000, claims },
    wallMs,
  );
  router.onGood("worker", "echo", { grounded: true, taskId: "t1", reason: "run again here" }, 0);
  router.onBad("liar", "echo", "wrong hash", clock.monotonic(), { taskId: "t2" });
  router.onEquivocation("two-faced");
  const before = ["worker", "liar", "two-faced", "friend"].map((peer) =>
    router.explainTrust(peer, "echo", wallMs),
  );
  stop();
  await store.close();

  const { store: again } = await temporaryStore({ path });
  const later = createRouter({ random: () => 0.5, self: "me" });
  await keepEvidence({ router: later, store: again, clock });
  later.setPins(new Map([["friend", 1]]));
  const after = ["worker", "liar", "two-faced", "friend"].map((peer) =>
    later.explainTrust(peer, "echo", wallMs),
  );
  for (const [i, one] of after.entries()) {
    expect(one.own).toEqual(before[i]?.own);
    expect(one.credibility).toBeCloseTo(before[i]?.credibility ?? -1);
    expect(one.equivocated).toBe(i === 2);
  }
  expect(after[0]?.own.verdicts).toMatchObject([{ taskId: "t1", good: true, reason: "run again here" }]);
  expect(after[1]?.own.verdicts).toMatchObject([{ taskId: "t2", good: false, reason: "wrong hash" }]);
  expect(later.claims(wallMs)).toEqual(router.claims(wallMs));
});
