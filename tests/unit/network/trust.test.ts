import { encode } from "uint8-varint";
import { expect, onTestFinished, test, vi } from "vitest";
import { SignedAttestation, TrustBatch, TrustRequest } from "#protocols/trust";
import { systemClock } from "../../../src/core/clock.ts";
import { limits } from "../../../src/core/limits.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { Attestation } from "../../../src/network/attestation.ts";
import type { Host } from "../../../src/network/host.ts";
import { temporaryIdentity, type Identity } from "../../../src/network/identity.ts";
import { alarmTopic, attestationTopic } from "../../../src/network/names.ts";
import { trustProtocol } from "../../../src/network/protocols/trust.ts";
import { frameIo } from "../../../src/network/stream-io.ts";
import {
  createTrustNetwork,
  type TrustNetwork,
  type TrustNetworkOptions,
} from "../../../src/network/trust.ts";
import { createHost } from "../../../src/network/host.ts";
import { createRawPeer } from "../../support/raw-peer.ts";
import { soon, startHost, until as untilWithin } from "./fixtures.ts";
import { attestationBy, claim, memoryAttestations, newSigner, resultBy } from "./trust-fixtures.ts";

// What gossip did not bring at first it brings after some seconds, and other tests may take the machine meanwhile.
vi.setConfig({ testTimeout: 120_000 });
const until = (ready: () => boolean, what: string, timeoutMs = 60_000): Promise<void> =>
  untilWithin(ready, what, timeoutMs);

interface Node {
  identity: Identity;
  host: Host;
  trust: TrustNetwork;
  store: ReturnType<typeof memoryAttestations>;
  claims: Attestation["claims"][number][];
  /** In the order in which it heard: "attestation PEER", "dropped PEER", … */
  heard: string[];
  address(): string;
}

async function startNode(
  options: {
    bootstrap?: Node[];
    identity?: Identity;
    store?: Node["store"];
  } & Partial<TrustNetworkOptions> = {},
): Promise<Node> {
  const { bootstrap = [], store = memoryAttestations(), ...more } = options;
  const identity = options.identity ?? (await temporaryIdentity());
  const host = await createHost({
    identity,
    network: "errand",
    agentVersion: "0.0.0",
    listen: ["/ip4/127.0.0.1/tcp/0"],
    bootstrap: bootstrap.map((node) => node.address()),
    log: silentLog,
  });
  const claims: Node["claims"] = [];
  const heard: string[] = [];
  const trust = await createTrustNetwork({
    host,
    signer: identity.signer,
    store,
    claims: () => claims,
    said: () => {},
    isWithheld: () => false,
    worth: () => 0,
    isBlocked: () => false,
    meshSize: () => 10,
    heard: {
      attestation: ({ issuer }) => void heard.push(`attestation ${issuer}`),
      dropped: (issuer) => void heard.push(`dropped ${issuer}`),
      equivocation: ({ issuer }) => void heard.push(`equivocation ${issuer}`),
      alarm: ({ peer, skill }) => void heard.push(`alarm ${peer} ${skill}`),
    },
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    ...more,
  });
  onTestFinished(async () => {
    trust.stop();
    await host.stop();
  });
  await trust.serve();
  await host.start();
  trust.start();
  const address = (): string => host.addresses()[0] as string;
  return { identity, host, trust, store, claims, heard, address };
}

/** Until `from` can reach `to` by gossip. */
async function subscribed(from: Host, to: Host, topic: string): Promise<void> {
  const listens = (): boolean =>
    from.pubsub.getSubscribers(topic).some((peer) => peer.toString() === to.peer);
  await until(listens, "the subscription is known");
}

test("what one says the others hear by gossip, over a node between them, and it ends when it is taken back", async () => {
  const a = await startNode();
  const b = await startNode({ bootstrap: [a] });
  const c = await startNode({ bootstrap: [b] });
  await subscribed(a.host, b.host, attestationTopic("errand"));
  await subscribed(b.host, c.host, attestationTopic("errand"));
  a.claims.push(claim(c.host.peer));
  await a.trust.own.issue();
  await until(() => b.trust.book.get(a.host.peer) !== undefined, "b has heard");
  await until(() => c.trust.book.get(a.host.peer) !== undefined, "c has heard");
  expect(c.trust.book.get(a.host.peer)?.attestation.claims).toEqual([claim(c.host.peer)]);
  expect(c.heard).toEqual([`attestation ${a.host.peer}`]);
  a.claims.pop();
  await a.trust.own.issue();
  await until(() => c.trust.book.claims === 0, "it is taken back");
  expect(c.trust.book.get(a.host.peer)?.attestation.seq).toBe(a.trust.own.seq);
});

test("who joins gets what the others have, and gives what they lack", async () => {
  const issuers = Array.from({ length: 40 }, newSigner);
  const now = Date.now();
  const a = await startNode();
  const b = await startNode();
  const subject = newSigner().peer;
  const all = issuers.map((issuer) => attestationBy(issuer, now, { claims: [claim(subject)] }));
  await a.trust.takeAll(all.slice(0, 30), soon(60_000));
  await b.trust.takeAll(all.slice(20), soon(60_000));
  await a.trust.own.issue();
  await b.host.dial(a.address(), soon(60_000));
  await until(() => a.trust.book.size === 41 && b.trust.book.size === 41, "both have all");
  // And nothing twice: what both had was not sent.
  expect([a.trust.counters()["attestationsKnown"], b.trust.counters()["attestationsKnown"]]).toEqual([
    undefined,
    undefined,
  ]);
});

test("a restart keeps what was heard, the proofs, and this node's own number", async () => {
  const store = memoryAttestations();
  const identity = await temporaryIdentity();
  const issuer = newSigner();
  const twoFaced = newSigner();
  const now = Date.now();
  const before = await startNode({ store, identity });
  await before.trust.takeAll(
    [
      attestationBy(issuer, now, { claims: [claim(twoFaced.peer)] }),
      attestationBy(twoFaced, now, { claims: [claim(issuer.peer)] }),
      attestationBy(twoFaced, now),
    ],
    soon(60_000),
  );
  await before.trust.own.issue();
  const { seq } = before.trust.own;
  before.trust.stop();
  await before.host.stop();
  const after = await startNode({ store, identity });
  expect(after.heard.toSorted()).toEqual(
    [`attestation ${issuer.peer}`, `equivocation ${twoFaced.peer}`].toSorted(),
  );
  expect(after.trust.own.seq).toBe(seq);
  expect(after.trust.book.get(identity.peer)?.attestation.seq).toBe(seq);
  await after.trust.own.issue();
  expect(after.trust.own.seq).toBeGreaterThan(seq);
});

test("one who says two things under one number is found out, and everybody is told", async () => {
  const a = await startNode();
  const b = await startNode({ bootstrap: [a] });
  const c = await startNode({ bootstrap: [b] });
  await subscribed(a.host, b.host, alarmTopic("errand"));
  await subscribed(b.host, c.host, alarmTopic("errand"));
  const twoFaced = newSigner();
  const now = Date.now();
  await a.trust.takeAll([attestationBy(twoFaced, now, { claims: [claim(a.host.peer)] })], soon(60_000));
  await a.trust.takeAll([attestationBy(twoFaced, now, { claims: [claim(b.host.peer)] })], soon(60_000));
  await until(() => c.heard.includes(`equivocation ${twoFaced.peer}`), "c was told");
  await until(() => b.store.proofs.size === 1 && c.store.proofs.size === 1, "both keep the proof");
  // Who comes later learns it with the sync.
  const d = await startNode({ bootstrap: [c] });
  await until(() => d.heard.includes(`equivocation ${twoFaced.peer}`), "d was told");
});

test("an alarm with its evidence reaches the others; a second of the same provider is not said", async () => {
  const a = await startNode();
  const b = await startNode({ bootstrap: [a] });
  await subscribed(a.host, b.host, alarmTopic("errand"));
  const liar = newSigner();
  const proof = { wrong: resultBy(liar, a.host.peer), groundedHash: new Uint8Array(32).fill(9) };
  expect(await a.trust.raiseAlarm(proof)).toBe(true);
  expect(await a.trust.raiseAlarm(proof)).toBe(false);
  await until(() => b.heard.includes(`alarm ${liar.peer} echo`), "b was told");
  expect(b.trust.alarmsInForce()).toMatchObject([{ peer: liar.peer, reporter: a.host.peer }]);
});

test("what comes in another's envelope, or is forged, goes no further", async () => {
  const a = await startNode();
  const attacker = await startHost({ bootstrap: [a.address()] });
  const topic = attestationTopic("errand");
  attacker.pubsub.subscribe(topic);
  await subscribed(attacker, a.host, topic);
  const victim = newSigner();
  await attacker.pubsub.publish(topic, attestationBy(victim, Date.now()));
  await attacker.pubsub.publish(topic, Uint8Array.of(1, 2, 3));
  // A later one of the same relayer that is taken shows that those before it were looked at.
  const honest = await startNode({ bootstrap: [a] });
  await subscribed(honest.host, a.host, topic);
  await honest.trust.own.issue();
  await until(() => a.trust.book.get(honest.host.peer) !== undefined, "the honest one is heard");
  expect(a.heard).toEqual([`attestation ${honest.host.peer}`]);
});

test(
  "a hundred thousand messages of one relayer change nothing but a counter",
  { timeout: 240_000 },
  async () => {
    const a = await startNode();
    // It speaks no gossip by itself: a second stream of its own would replace this one.
    await using flooder = await createRawPeer();
    const connection = await flooder.connect(a.address());
    const stream = await connection.newStream("/meshsub/1.2.0", { signal: soon(60_000) });
    const topic = attestationTopic("errand");
    const before = process.memoryUsage().rss;
    const cpuBefore = process.cpuUsage();
    const began = performance.now();
    const allowed = (): number =>
      limits.relayedTrustBurst + (limits.relayedTrustPerSecond * (performance.now() - began)) / 1_000;
    for (let sent = 0; sent < 100_000;) {
      for (const end = sent + 5_000; sent < end; sent += 250) stream.send(framedRpc(topic, sent, 250));
      // No faster than they are read: what overflows libp2p's own buffer never gets as far as to be dropped.
      await until(() => a.host.droppedGossip >= sent - allowed(), "these were dropped");
    }
    const { user, system } = process.cpuUsage(cpuBefore);
    // Both ends together, and loose: the signatures of as many envelopes alone would take twenty seconds.
    expect((user + system) / 1e6).toBeLessThan(20);
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * 1024 * 1024);
    expect([a.trust.book.size, a.heard]).toEqual([0, []]);
    // Who has nothing to do with it is heard as ever.
    const honest = await startNode({ bootstrap: [a] });
    await subscribed(honest.host, a.host, topic);
    await honest.trust.own.issue();
    await until(() => a.trust.book.get(honest.host.peer) !== undefined, "the honest one is heard");
  },
);

/** An RPC of gossipsub with so many messages, each signed by nobody, with a length in front. */
function framedRpc(topic: string, first: number, count: number): Uint8Array {
  const field = (number: number, bytes: Uint8Array): Uint8Array =>
    Buffer.concat([Uint8Array.of((number << 3) | 2), encode(bytes.length), bytes]);
  const messages = Array.from({ length: count }, (_, i) => {
    const seqno = Buffer.alloc(8);
    seqno.writeUInt32BE(first + i, 4);
    const signature = Buffer.alloc(64, seqno);
    const data = Buffer.alloc(150, seqno);
    return field(
      2,
      Buffer.concat([
        field(1, flooderId),
        field(2, data),
        field(3, seqno),
        field(4, Buffer.from(topic)),
        field(5, signature),
      ]),
    );
  });
  const rpc = Buffer.concat(messages);
  return Buffer.concat([encode(rpc.length), rpc]);
}

const flooderId = Buffer.from(`002408011220${"07".repeat(32)}`, "hex");

test.each([
  [
    "forged",
    (): SignedAttestation => ({
      ...SignedAttestation.decode(attestationBy(newSigner(), Date.now())),
      signature: Buffer.alloc(64, 1),
    }),
  ],
  [
    "garbage",
    (): SignedAttestation => ({ attestation: Buffer.from([1, 2, 3]), signature: Buffer.alloc(64) }),
  ],
] as const)("a peer that hands on what is %s is not listened to any further", async (_what, make) => {
  const a = await startNode();
  const hostile = await startHost();
  let offered = 0;
  const good = SignedAttestation.decode(attestationBy(newSigner(), Date.now()));
  await hostile.handle(trustProtocol, async (stream) => {
    const io = frameIo(stream, { maxFrameBytes: 1 << 20, timeoutMs: 5_000 });
    await io.read();
    offered++;
    const batch = { equivocations: [], wanted: new Uint8Array(), last: false };
    await io.write(TrustBatch.encode({ ...batch, attestations: [good, make(), good] }));
    // The other side resets the stream.
    await io.read().catch(() => undefined);
  });
  await a.host.dial(hostile.addresses()[0] as string, soon(60_000));
  await until(
    () => (a.trust.counters()["attestationsForged"] ?? a.trust.counters()["attestationsMalformed"]) === 1,
    "it was found out",
  );
  expect([a.trust.book.size, offered]).toEqual([1, 1]);
});

test("a sync asked for too often, too large or too slowly is refused", async () => {
  const a = await startNode();
  const hostile = await startHost();
  await hostile.dial(a.address(), soon(60_000));
  const ask = async (digests: Uint8Array): Promise<boolean> => {
    const io = frameIo(await hostile.newStream(a.host.peer, trustProtocol, soon(60_000)), {
      maxFrameBytes: 1 << 20,
      timeoutMs: 5_000,
    });
    try {
      await io.write(TrustRequest.encode({ version: 1, network: "errand", digests: Buffer.from(digests) }));
      return (await io.read()) !== undefined;
    } catch {
      return false;
    }
  };
  expect(await ask(new Uint8Array(20))).toBe(true);
  expect(await ask(new Uint8Array(21))).toBe(false);
  expect(await ask(new Uint8Array(20))).toBe(false);
});
