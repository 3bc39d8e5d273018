/** What peers say of themselves and of others, and what they ask for: nothing is believed that is not signed and fresh. */
import { describe, expect, test } from "vitest";
import { BlobRequest, BlobResponse } from "#protocols/blob";
import type { PeerView } from "../../src/node/node.ts";
import { FrameSplitter } from "../../src/network/frames.ts";
import { blobProtocol } from "../../src/network/protocols/blob.ts";
import { cardProtocol } from "../../src/network/protocols/card.ts";
import { rawBytes, rawCard, skillEntry, tellCard } from "../support/raw-card.ts";
import { createRawPeer } from "../support/raw-peer.ts";
import { framed } from "../support/raw-task.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const t = useMesh(async (mesh) => {
  const target = await mesh.start("target");
  const [victim, honest] = await Promise.all([
    mesh.start("victim", { builtinSkills: ["vector.knn"] }),
    mesh.start("honest", { builtinSkills: [] }),
  ]);
  await mesh.joined(target, victim, honest);
  return { target, victim, honest };
});

async function viewOf(peerId: string): Promise<PeerView | undefined> {
  return (await t.target.peers()).find(({ id }) => id === peerId);
}

async function serves(input: unknown): Promise<void> {
  const task = await t.honest.run({ skill: "echo", input, peer: t.target.peerId });
  expect(task).toMatchObject({ status: "completed", attempts: 1, output: input });
}

const future = 5_000_000;

describe("a card", () => {
  test("of another peer, made up, is dropped: told by stream and gossiped", async () => {
    await using peer = await createRawPeer({ gossip: true });
    const connection = await peer.connect(t.target.address);
    const before = await viewOf(t.victim.peerId);
    expect(before).toMatchObject({ name: "victim", skills: ["vector.knn"] });
    const forged = rawCard(peer.signer, {
      peer: t.victim.peerId,
      seq: Date.now() + future,
      name: "forged",
      skills: [skillEntry("forged.skill")],
    });
    await tellCard(connection, forged);
    await until("somebody listens to the gossip", () => peer.heard());
    await peer.publish(forged);
    // The same channel carries what is right, so the forged one has been looked at when this one is known.
    await peer.publish(rawCard(peer.signer, { name: "gossiped" }));
    await until("the right card is known", async () => (await viewOf(peer.peerId))?.name === "gossiped");
    expect(await viewOf(t.victim.peerId)).toMatchObject({ name: "victim", skills: ["vector.knn"] });
    expect((await t.honest.peers()).find(({ id }) => id === t.victim.peerId)?.name).toBe("victim");
    await serves("forged");
  });

  test("that claims too much is dropped", async () => {
    const claims: [string, Parameters<typeof rawCard>[1]][] = [
      ["a week of life", { expiresAt: Date.now() + 7 * 86_400_000 }],
      ["to be from tomorrow", { issuedAt: Date.now() + 86_400_000, expiresAt: Date.now() + 86_460_000 }],
      ["to be of another network", { network: "elsewhere" }],
      ["257 skills", { skills: Array.from({ length: 257 }, (_, i) => skillEntry(`s.n${i}`)) }],
      ["a skill with no name of one", { skills: [skillEntry("Not A Skill")] }],
      ["to be a goodbye with skills", { tombstone: true, skills: [skillEntry("still.here")] }],
    ];
    await using peer = await createRawPeer();
    const connection = await peer.connect(t.target.address);
    for (const [what, claim] of claims) {
      await tellCard(connection, rawCard(peer.signer, claim));
      expect(await viewOf(peer.peerId), what).toMatchObject({ name: "", skills: [] });
    }
    await tellCard(
      connection,
      rawCard(peer.signer, { name: "modest", skills: [skillEntry("modest.skill")] }),
    );
    expect(await viewOf(peer.peerId)).toMatchObject({ name: "modest", skills: ["modest.skill"] });
  });

  test("of a peer that has left does not bring it back when it is replayed", async () => {
    const leaves = await t.mesh.start("leaves", { builtinSkills: ["text.keywords"] });
    await t.mesh.joined(t.target, leaves);
    await using peer = await createRawPeer({ gossip: true });
    const { own } = await tellCard(await peer.connect(leaves.address));
    const connection = await peer.connect(t.target.address);
    const { known } = await tellCard(connection, undefined, 100);
    expect(known.length).toBeGreaterThanOrEqual(3);
    await leaves.process.stop();
    expect(await viewOf(leaves.peerId)).toBeUndefined();

    await until("somebody listens to the gossip", () => peer.heard());
    for (const card of [own, ...known]) {
      if (card === undefined) continue;
      await tellCard(connection, card);
      await peer.publish(card);
    }
    await tellCard(connection, rawCard(peer.signer, { name: "after" }));
    await until("later cards are known", async () => (await viewOf(peer.peerId))?.name === "after");
    expect(await viewOf(leaves.peerId)).toBeUndefined();
    const { providers } = await t.target.call<{ providers: PeerView[] }>(
      "GET",
      "/v1/skills/text.keywords/providers",
      {
        query: { timeout: 2 },
      },
    );
    expect(providers.map(({ id }) => id)).not.toContain(leaves.peerId);
  });
});

describe("the protocols that ask and answer", () => {
  test.each([
    ["cards", cardProtocol],
    ["blobs", blobProtocol],
  ])(
    "of %s end a stream of garbage, of a frame too large, and of one that does not end",
    async (_, protocol) => {
      await using peer = await createRawPeer();
      const connection = await peer.connect(t.target.address);
      const faults = [
        Uint8Array.of(0x81, 0x80, 0x80, 0x01),
        new Uint8Array(64).fill(0xff),
        framed(new Uint8Array(200).fill(0xa7)),
      ];
      for (const bytes of faults) expect(await rawBytes(connection, protocol, bytes)).toHaveLength(0);
      await serves(protocol);
    },
  );

  test("a card stream that says nothing is ended within seconds", async () => {
    await using peer = await createRawPeer();
    const connection = await peer.connect(t.target.address);
    const startedMs = performance.now();
    await rawBytes(connection, cardProtocol, Uint8Array.of(50, 0x08));
    expect(performance.now() - startedMs).toBeLessThan(8_000);
  });

  test("a blob is handed to nobody whose task it is not", async () => {
    const { client } = t.target.process;
    const { Readable } = await import("node:stream");
    const { hash } = await client.upload<{ hash: string }>(
      "/v1/blobs",
      Readable.from([Buffer.alloc(400_000, 7)]),
    );
    await using peer = await createRawPeer();
    const connection = await peer.connect(t.target.address);
    for (const wanted of [Buffer.from(hash, "hex"), Buffer.alloc(32), Buffer.alloc(5)]) {
      const request = BlobRequest.encode({ hash: wanted, offset: 0, length: 0, credit: 16 });
      const frames: Uint8Array[] = [];
      new FrameSplitter(2 ** 16, (frame) => frames.push(frame)).push(
        await rawBytes(connection, blobProtocol, framed(request)),
      );
      expect(frames).toHaveLength(1);
      const { error } = BlobResponse.decode(frames[0] as Uint8Array);
      expect(error).toBe(wanted.length === 32 ? "Unauthorized" : "InvalidInput");
    }
  });
});
