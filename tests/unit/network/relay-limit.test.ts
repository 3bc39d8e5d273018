import type { PeerId } from "@libp2p/interface";
import { expect, test } from "vitest";
import { limits } from "../../../src/core/limits.ts";
import { createRelayLimit } from "../../../src/network/gossip/relay-limit.ts";
import { createTokenBuckets } from "../../../src/network/token-buckets.ts";
import { manualClock } from "../../support/manual-clock.ts";

const peer = (name: string): PeerId => ({ toString: () => name }) as unknown as PeerId;

function limited() {
  const clock = manualClock();
  const limit = createRelayLimit(["trust"], clock);
  const passed = new Map<string, number>();
  const pubsub = {
    async handleReceivedRpc(from: PeerId, rpc: { messages: { topic: string }[] }) {
      for (const { topic } of rpc.messages) {
        const key = `${from.toString()} ${topic}`;
        passed.set(key, (passed.get(key) ?? 0) + 1);
      }
    },
  };
  limit.around(() => pubsub as never)({} as never);
  const send = (from: string, topic: string, count: number) =>
    pubsub.handleReceivedRpc(peer(from), { messages: Array.from({ length: count }, () => ({ topic })) });
  return { clock, limit, passed, send };
}

test("a relayer may bring so much and no more; other topics and other relayers do not notice", async () => {
  const { clock, limit, passed, send } = limited();
  await send("flooder", "trust", 600);
  await send("flooder", "cards", 600);
  await send("honest", "trust", 100);
  expect(Object.fromEntries(passed)).toEqual({
    "flooder trust": limits.relayedTrustBurst,
    "flooder cards": 600,
    "honest trust": 100,
  });
  expect(limit.dropped).toBe(600 - limits.relayedTrustBurst);
  clock.advance(1_000);
  await send("flooder", "trust", 100);
  expect(passed.get("flooder trust")).toBe(limits.relayedTrustBurst + limits.relayedTrustPerSecond);
  expect([limit.score("flooder"), limit.score("honest")]).toEqual([0, 0]);
});

test("who goes on is shut out, and comes back a minute after the end", async () => {
  const { clock, limit, passed, send } = limited();
  for (let i = 0; i < 100; i++) await send("flooder", "trust", 1_000);
  expect(passed.get("flooder trust")).toBe(limits.relayedTrustBurst);
  expect(limit.score("flooder")).toBeLessThan(-80);
  clock.advance(60_000);
  expect(limit.score("flooder")).toBe(0);
  await send("flooder", "trust", 1);
  expect(passed.get("flooder trust")).toBe(limits.relayedTrustBurst + 1);
});

test("buckets are bounded: the one not used for longest is forgotten", () => {
  const clock = manualClock();
  const buckets = createTokenBuckets({ burst: 1, everyMs: 1_000, peers: 3, clock });
  expect(["a", "b", "c", "d"].map((name) => buckets.take(name))).toEqual([true, true, true, true]);
  expect(buckets.size).toBe(3);
  expect(["d", "c", "b"].map((name) => buckets.take(name))).toEqual([false, false, false]);
  clock.advance(1_000);
  expect(buckets.take("b")).toBe(true);
});
