/** A peer that does not keep to the protocol of delegation: it is cut off, and nobody else notices. */
import { describe, expect, test } from "vitest";
import { jsonBody } from "../../src/core/body.ts";
import { newTaskId } from "../../src/core/ids.ts";
import type { Message, TaskRequest } from "../../src/network/messages.ts";
import type { Decoded } from "../../src/network/task-decode.ts";
import { encodeHello } from "../../src/network/task-encode.ts";
import { rssBytes } from "../support/errand-process.ts";
import { writeProbeSkills } from "../support/probe-skills.ts";
import { createRawPeer, type RawPeer } from "../support/raw-peer.ts";
import { framed, hello, openTaskStream, type RawSession } from "../support/raw-task.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const t = useMesh(async (mesh) => {
  const probe = await writeProbeSkills(mesh.folder);
  const target = await mesh.start("target", { skills: [probe.file], workerSlots: 4 });
  const honest = await mesh.start("honest", { builtinSkills: [] });
  await mesh.joined(target, honest);
  return { target, honest, probe };
});

async function attack<T>(run: (session: RawSession, peer: RawPeer) => Promise<T>): Promise<T> {
  await using peer = await createRawPeer();
  // Awaited here: the peer ends with this block.
  return await run(await openTaskStream(await peer.connect(t.target.address)), peer);
}

/** The node answers its operator, and works for a peer that behaves. */
async function serves(input: unknown): Promise<void> {
  expect((await t.target.status()).peerId).toBe(t.target.peerId);
  const task = await t.honest.run({ skill: "echo", input, peer: t.target.peerId });
  expect(task).toMatchObject({ status: "completed", attempts: 1, output: input });
}

function requestOf(more: Partial<TaskRequest>): Message {
  const request: TaskRequest = {
    taskId: newTaskId(),
    attempt: 1,
    leaseEpoch: 1,
    skill: "echo",
    skillVersion: "",
    priority: 96,
    deadlineMs: 30_000,
    leaseMs: 15_000,
    input: jsonBody({}),
    deterministic: false,
    idempotent: false,
    ...more,
  };
  return { kind: "request", request };
}

const violations = async (): Promise<number> => (await t.target.status()).counters["violations"] ?? 0;

describe("frames that are none", () => {
  const faults: [string, (session: RawSession) => void][] = [
    ["one larger than allowed", (s) => s.raw(Uint8Array.of(0x81, 0x80, 0x40))],
    ["a length without an end", (s) => s.raw(new Uint8Array(16).fill(0xff))],
    ["garbage", (s) => s.raw(framed(new Uint8Array(512).fill(0xa7)))],
    ["an unknown kind of message", (s) => (s.hello(), s.raw(framed(Uint8Array.of(0xfa, 0x07, 0x00))))],
    ["a message before the Hello", (s) => s.send(requestOf({}))],
    ["a second Hello", (s) => s.raw(Buffer.concat([framed(encodeHello(hello)), framed(encodeHello(hello))]))],
  ];

  test.each(faults)("%s closes the session at once, and the peer cools down", async (name, commit) => {
    const before = await violations();
    await attack(async (session, peer) => {
      await session.hears("the node's Hello", ({ kind }) => (kind === "hello" ? kind : undefined));
      commit(session);
      await until("the session closes", () => session.isClosed, 2_000);
      expect(await violations()).toBe(before + 1);
      const again = await openTaskStream(await peer.connect(t.target.address));
      await until("another is closed, too", () => again.isClosed, 2_000);
      expect(again.said).toEqual([]);
    });
    await serves(name);
  });

  test("a Hello of another network is refused with its reason, and held against nobody", async () => {
    const before = await violations();
    await attack(async (session) => {
      session.hello({ network: "elsewhere" });
      const code = await session.hears("a refusal", (said) =>
        said.kind === "error" ? said.code : undefined,
      );
      expect(code).toBe("Unauthorized");
      await session.closed;
    });
    expect(await violations()).toBe(before);
  });
});

describe("time", () => {
  test("a stream that says nothing, and a frame that does not end, are closed", async () => {
    const silent = attack((session) => session.closed);
    const slow = attack(async (session) => {
      session.hello();
      await session.hears("the node's Hello", ({ kind }) => (kind === "hello" ? kind : undefined));
      session.raw(Uint8Array.of(100, 0x12));
      return session.closed;
    });
    expect(await silent).toBeGreaterThan(2_500);
    expect(await silent).toBeLessThan(5_000);
    expect(await slow).toBeGreaterThan(4_500);
    expect(await slow).toBeLessThan(9_000);
    await serves("after the slow one");
  });
});

describe("messages that are not the sender's to send", () => {
  test("a request sent again is answered from the first, and runs once", async () => {
    const again = requestOf({ skill: "probe.fail", input: jsonBody({ key: "replayed", times: 0 }) });
    const before = (await t.target.status()).counters["duplicates"] ?? 0;
    await attack(async (session) => {
      const responses = (): Decoded[] => session.said.filter(({ kind }) => kind === "response");
      session.hello();
      session.send(again, again);
      await until("an answer", () => responses().length > 0);
      session.send(again);
      await until("the same answer", () => responses().length > 1);
      expect(new Set(responses().map((one) => JSON.stringify(one))).size).toBe(1);
      const verdicts = session.said.flatMap((one) => (one.kind === "ack" ? [one.ack.verdict] : []));
      expect(verdicts.toSorted()).toEqual(["accepted", "duplicate", "duplicate"]);
    });
    expect(await t.probe.starts("replayed")).toHaveLength(1);
    expect((await t.target.status()).counters["duplicates"]).toBe(before + 2);
  });

  test("nobody can cancel or ask after the task of another", async () => {
    const { id } = await t.honest.submit({ skill: "probe.hold", input: { key: "mine" } });
    await t.probe.started("mine");
    await attack(async (session) => {
      session.hello();
      for (const attempt of [1, 2]) {
        session.send({ kind: "cancel", cancel: { taskId: id, attempt, reason: "not yours" } });
        session.send({ kind: "responseAck", attempts: [{ taskId: id, attempt }] });
        session.send({ kind: "query", query: { taskId: id, attempt } });
      }
      session.send({ kind: "probe", nonce: 7 });
      // Frames are answered in order: what was to be said of the queries has come before.
      await session.hears("the report", ({ kind }) => (kind === "loadReport" ? kind : undefined));
      const told = session.said.flatMap((one) => (one.kind === "status" ? [one.status.state] : []));
      expect(told).toEqual(["unknown", "unknown"]);
      expect(session.said.filter(({ kind }) => kind === "response")).toEqual([]);
    });
    await t.probe.release("mine");
    expect(await t.honest.ended(id)).toMatchObject({ status: "completed", attempts: 1 });
  });
});

describe("floods", () => {
  test("100,000 senseless frames end the session, while another peer is served", async () => {
    const before = await violations();
    const load = { running: 0, slots: 1, queued: 0, serviceMs: 0 };
    await attack(async (session, peer) => {
      session.hello();
      await session.hears("the node's Hello", ({ kind }) => (kind === "hello" ? kind : undefined));
      const senseless: Message[] = Array.from({ length: 1_000 }, () => ({
        kind: "ack",
        ack: { taskId: newTaskId(), attempt: 1, verdict: "accepted", position: 0, load },
      }));
      for (let i = 0; i < 100; i++) session.send(...senseless);
      await Promise.all([session.closed, serves("meanwhile")]);
      expect(await violations()).toBe(before + 1);
      const again = await openTaskStream(await peer.connect(t.target.address));
      await until("it cools down", () => again.isClosed, 2_000);
    });
    await serves("after the flood");
  });

  test("ten thousand streams take neither memory nor time from others", async () => {
    await using peer = await createRawPeer();
    const connection = await peer.connect(t.target.address);
    const before = await rssBytes(t.target.process.pid);
    const opened: RawSession[] = [];
    let refused = 0;
    let flooding = true;
    const flood = (async () => {
      for (let batch = 0; batch < 100; batch++) {
        const tries = Array.from({ length: 100 }, () => openTaskStream(connection));
        for (const one of await Promise.allSettled(tries)) {
          if (one.status === "fulfilled") opened.push(one.value);
          else refused++;
        }
      }
    })().finally(() => (flooding = false));
    // Cutting the connection is as good an answer as refusing each stream: the flood may be over after the first task.
    for (let served = 0; flooding; served++) await serves(`in the flood ${served}`);
    await flood;
    expect(opened.length + refused).toBe(10_000);
    expect(opened.filter(({ said }) => said.some(({ kind }) => kind === "hello")).length).toBeLessThanOrEqual(
      4,
    );
    await until("all of them are closed", () => opened.every(({ isClosed }) => isClosed), 10_000);
    expect((await rssBytes(t.target.process.pid)) - before).toBeLessThan(150 * 2 ** 20);
    await serves("after the streams");
  }, 60_000);
});
