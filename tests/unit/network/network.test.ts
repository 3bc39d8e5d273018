import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { CardRequest, SignedCard } from "#protocols/card";
import type { KnownCard } from "../../../src/network/card.ts";
import { signCard } from "../../../src/network/card-codec.ts";
import type { StoredCard } from "../../../src/network/card-persistence.ts";
import { skillCid } from "../../../src/network/dht/skill-records.ts";
import { temporaryIdentity } from "../../../src/network/identity.ts";
import { cardTopic } from "../../../src/network/names.ts";
import type { Network } from "../../../src/network/network.ts";
import { cardProtocol } from "../../../src/network/protocols/card.ts";
import { frameIo } from "../../../src/network/stream-io.ts";
import { card, facts, skill, soon, startHost, startNetwork, until } from "./fixtures.ts";

const address = (network: Network): string => network.host.addresses()[0] as string;
const offers = (network: Network, id: string): string[] =>
  network.cards.offering(id).map(({ card }) => card.peer);

async function found(network: Network, id: string, limit?: number): Promise<string[]> {
  const cards: KnownCard[] = [];
  for await (const known of network.cards.find(id, {
    signal: soon(),
    ...(limit !== undefined && { limit }),
  })) {
    cards.push(known);
  }
  return cards.map(({ card }) => card.peer);
}

test("a newcomer has the whole directory after one round trip with its bootstrap peer", async () => {
  const a = await startNetwork(["one"]);
  const b = await startNetwork(["two"], { bootstrap: [address(a)] });
  await until(() => offers(a, "two").length === 1 && offers(b, "one").length === 1, "both know each other");
  const started = performance.now();
  const c = await startNetwork(["three"], { bootstrap: [address(a)] });
  await until(() => offers(c, "one").length === 1 && offers(c, "two").length === 1, "the newcomer knows all");
  // Sooner than the first gossip, 300 ms after its start: it came by the card protocol.
  expect(performance.now() - started).toBeLessThan(2_000);
  await until(
    () => offers(a, "three").length === 1 && offers(b, "three").length === 1,
    "all know the newcomer",
  );
  expect(c.cards.get(a.host.peer)?.card.addresses).toEqual(a.host.addresses());
});

test("a change of skills reaches the others by gossip", async () => {
  const skills = ["one"];
  const a = await startNetwork([], { facts: () => facts(skills.map((id) => skill(id))) });
  const b = await startNetwork([], { bootstrap: [address(a)] });
  await until(() => offers(b, "one").length === 1, "the first skill is known");
  skills.push("two");
  a.publish();
  await until(() => offers(b, "two").length === 1, "the second skill is known");
  skills.shift();
  a.publish();
  await until(() => offers(b, "one").length === 0, "the first skill is gone");
  expect(offers(b, "two")).toEqual([a.host.peer]);
});

test("find streams known cards, and what the DHT names besides", async () => {
  const a = await startNetwork(["one"]);
  const b = await startNetwork(["one", "two"], { bootstrap: [address(a)] });
  const c = await startNetwork([], { bootstrap: [address(a)] });
  await until(() => offers(c, "one").length === 2, "both cards are known");
  expect((await found(c, "one")).toSorted()).toEqual([a.host.peer, b.host.peer].toSorted());
  expect(await found(c, "one", 1)).toHaveLength(1);
  expect(await found(c, "unknown")).toEqual([]);
  // By the DHT alone: records are under the skill's CID.
  const providers: string[] = [];
  while (!providers.includes(b.host.peer)) {
    for await (const event of c.host.dht.findProviders(skillCid("two"), { signal: soon() })) {
      if (event.name === "PROVIDER") providers.push(...event.providers.map(({ id }) => id.toString()));
    }
  }
  expect(skillCid("text.stats").toString()).toMatch(/^bafkrei/);
});

test("find without anybody ends, and it ends with its signal", async () => {
  const alone = await startNetwork(["one"]);
  expect(await found(alone, "one")).toEqual([]);
  const seen: KnownCard[] = [];
  for await (const known of alone.cards.find("one", { signal: AbortSignal.abort() })) seen.push(known);
  expect(seen).toEqual([]);
});

test("who leaves is gone at once, who dies is gone once it was dialled in vain", async () => {
  const a = await startNetwork([]);
  const polite = await startNetwork(["one"], { bootstrap: [address(a)] });
  const rude = await startNetwork(["two"], { bootstrap: [address(a)] });
  await until(() => offers(a, "one").length === 1 && offers(a, "two").length === 1, "both are known");
  let stopped = false;
  const stopping = polite.stop().then(() => (stopped = true));
  await until(() => offers(a, "one").length === 0, "the goodbye has come");
  // It came while the node was still there, as a goodbye and not as a closed connection.
  expect(stopped).toBe(false);
  await stopping;
  await rude.host.stop();
  await until(() => a.cards.get(rude.host.peer) === undefined, "the dead one is forgotten");
  expect(await found(a, "two")).toEqual([]);
});

test("a connection that merely breaks costs nobody its place", async () => {
  const a = await startNetwork([]);
  const b = await startNetwork(["one"], { bootstrap: [address(a)] });
  await until(() => offers(a, "one").length === 1, "it is known");
  const closed = new Promise<void>((resolve) => a.host.onPeer({ disconnected: () => resolve() }));
  a.host.block(b.host.peer);
  a.host.unblock(b.host.peer);
  await closed;
  await until(() => a.host.isConnected(b.host.peer) && offers(a, "one").length === 1, "it is back");
});

test("nodes of different networks know nothing of each other", async () => {
  const a = await startNetwork(["one"], { network: "lab" });
  const b = await startNetwork(["two"], { bootstrap: [address(a)] });
  await until(() => b.host.isConnected(a.host.peer), "they are connected");
  const asked = b.cards.fetch(a.host.peer, soon());
  await expect(asked).rejects.toMatchObject({
    code: "PeerUnreachable",
    message: expect.stringContaining("network"),
  });
  expect([[...a.cards.all()], [...b.cards.all()]]).toEqual([[], []]);
});

test("schemas are fetched once by their hash", async () => {
  const text = JSON.stringify({ type: "object" });
  const hash = createHash("sha256").update(text).digest("hex");
  let asked = 0;
  const a = await startNetwork([], {
    schemaText: (wanted) => {
      asked++;
      return wanted === hash ? text : undefined;
    },
  });
  const b = await startNetwork([], { bootstrap: [address(a)] });
  await until(() => b.host.isConnected(a.host.peer), "they are connected");
  expect(await b.cards.schema(hash, a.host.peer, soon())).toEqual({ type: "object" });
  expect(await b.cards.schema(hash, a.host.peer, soon())).toEqual({ type: "object" });
  expect(asked).toBe(1);
  await expect(b.cards.schema("0".repeat(64), a.host.peer, soon())).rejects.toMatchObject({
    code: "NotFound",
  });
});

test("a forged card of another node is refused, sent directly or by gossip", async () => {
  const victim = await temporaryIdentity();
  const attacker = await temporaryIdentity();
  const a = await startNetwork([]);
  const host = await startHost({ identity: attacker, bootstrap: [address(a)] });
  await until(() => host.isConnected(a.host.peer), "the attacker is connected");
  const now = Date.now();
  const forged = signCard(card(victim.peer, now, { skills: [skill("one")] }), attacker.signer);
  const stream = await host.newStream(a.host.peer, cardProtocol, soon());
  const io = frameIo(stream, { maxFrameBytes: 1 << 20, timeoutMs: 5_000 });
  await io.write(CardRequest.encode({ own: SignedCard.decode(forged) }));
  // The answer comes after the card was looked at.
  expect(await io.read()).toBeDefined();
  const topic = cardTopic("errand");
  host.pubsub.subscribe(topic);
  await until(() => host.pubsub.getSubscribers(topic).length > 0, "the attacker sees the subscription");
  // A valid card, but not of the one who gossips it: a replay.
  const replayed = signCard(card(victim.peer, now, { skills: [skill("two")] }), victim.signer);
  const honest = signCard(card(attacker.peer, now, { skills: [skill("three")] }), attacker.signer);
  await host.pubsub.publish(topic, forged);
  await host.pubsub.publish(topic, replayed);
  await host.pubsub.publish(topic, honest);
  await until(() => offers(a, "three").length === 1, "the honest card has come");
  expect([offers(a, "one"), offers(a, "two")]).toEqual([[], []]);
});

test.each([
  ["an oversized frame", Uint8Array.of(0xff, 0xff, 0xff, 0x7f)],
  ["an endless prefix", new Uint8Array(64).fill(0xff)],
  ["garbage", Uint8Array.of(3, 0xff, 0xff, 0xff)],
])("%s on the card protocol ends that stream and nothing else", async (_, bytes) => {
  const a = await startNetwork(["one"]);
  const host = await startHost();
  await host.dial(address(a), soon());
  const stream = await host.newStream(a.host.peer, cardProtocol, soon());
  const reset = new Promise<Error | undefined>((resolve) => {
    stream.addEventListener("close", ({ error }) => resolve(error));
  });
  stream.send(bytes);
  expect(await reset).toBeDefined();
  const again = frameIo(await host.newStream(a.host.peer, cardProtocol, soon()), {
    maxFrameBytes: 1 << 20,
    timeoutMs: 5_000,
  });
  await again.write(CardRequest.encode({}));
  expect(await again.read()).toBeDefined();
});

test("cards outlive a restart, and are offered once their peer was reached", async () => {
  const rows = new Map<string, StoredCard>();
  const cardStore = {
    load: async () => [...rows.values()],
    save: (saved: readonly StoredCard[]) => {
      for (const row of saved) rows.set(row.peer, row);
    },
    remove: (peers: readonly string[]) => {
      for (const peer of peers) rows.delete(peer);
    },
  };
  const friend = await startNetwork(["one"]);
  const dead = await startNetwork(["one"]);
  const before = await startNetwork([], { cardStore, bootstrap: [address(friend), address(dead)] });
  await until(() => offers(before, "one").length === 2, "both are known");
  await before.stop();
  expect([...rows.keys()].toSorted()).toEqual([friend.host.peer, dead.host.peer].toSorted());
  await dead.host.stop();
  const after = await startNetwork([], { cardStore });
  await until(() => offers(after, "one").length === 1, "the friend is known without a bootstrap peer");
  expect(offers(after, "one")).toEqual([friend.host.peer]);
  await until(() => after.cards.get(dead.host.peer) === undefined, "the dead one is forgotten");
});
