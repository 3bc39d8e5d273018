/** Asking for load: how long answers are waited for, how often a peer is asked, and what of the answers is believed. */
import { expect, it } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { limits } from "../../../src/core/limits.ts";
import type { Load, Message, Session } from "../../../src/network/messages.ts";
import { createProbing } from "../../../src/tasks/probing.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { memoryMesh, settled, type FakeWorker } from "../../support/memory-mesh.ts";

const load: Load = { running: 1, slots: 2, queued: 0, serviceMs: 5 };

function setup(warm: string[] = ["a", "b", "c"]) {
  const clock = manualClock();
  const sent = new Map<string, number[]>();
  const told: [string, number][] = [];
  const complaints: string[] = [];
  const opening = new Map<string, PromiseWithResolvers<Session>>();
  const sessionOf = (peer: string): Session =>
    ({
      peer,
      send: (message: Message) =>
        message.kind === "probe" && sent.set(peer, [...(sent.get(peer) ?? []), message.nonce]),
      complain: (why: string) => complaints.push(why),
    }) as unknown as Session;
  const probing = createProbing({
    clock,
    current: (peer) => (warm.includes(peer) ? sessionOf(peer) : undefined),
    open(peer) {
      const opened = Promise.withResolvers<Session>();
      opening.set(peer, opened);
      return opened.promise;
    },
    probed: (peer, rttMs) => told.push([peer, rttMs]),
  });
  const answer = (peer: string, nonce = sent.get(peer)?.at(-1) ?? -1): void =>
    probing.onReport(nonce, load, sessionOf(peer));
  return { clock, probing, sent, told, complaints, opening, sessionOf, answer };
}

it("goes on when all but one have answered, and hears the last one for later", async () => {
  const { probing, clock, answer, told } = setup();
  const asked = probing.ask(["a", "b", "c"]);
  clock.advance(10);
  answer("a");
  clock.advance(5);
  answer("c");
  const { silent, waitedMs } = await asked;
  expect([...silent]).toEqual(["b"]);
  expect(waitedMs).toBe(15);
  clock.advance(100);
  answer("b");
  expect(told).toEqual([
    ["a", 10],
    ["c", 15],
    ["b", 115],
  ]);
});

it("waits for the only one, and for nobody longer than 80 ms", async () => {
  const { probing, clock } = setup();
  let done = false;
  const asked = probing.ask(["a"]).then((result) => {
    done = true;
    return result;
  });
  clock.advance(79);
  await settled();
  expect(done).toBe(false);
  clock.advance(1);
  expect([...(await asked).silent]).toEqual(["a"]);
});

it("asks a peer once for all who want to know, and again after a second of silence", async () => {
  const { probing, clock, sent, answer } = setup();
  const many = Array.from({ length: 20 }, () => probing.ask(["a", "b"]));
  expect(sent.get("a")).toHaveLength(1);
  answer("a");
  await Promise.all(many);
  clock.advance(500);
  void probing.ask(["b"]);
  expect(sent.get("b")).toHaveLength(1);
  clock.advance(600);
  void probing.ask(["b"]);
  expect(sent.get("b")).toHaveLength(2);
});

it("opens a session to ask, and lives with one that cannot be opened", async () => {
  const { probing, clock, opening, sessionOf, sent, answer } = setup(["a"]);
  const asked = probing.ask(["x", "y"]);
  opening.get("y")?.reject(new Error("no way there"));
  opening.get("x")?.resolve(sessionOf("x"));
  await settled();
  expect(sent.get("x")).toHaveLength(1);
  answer("x");
  expect([...(await asked).silent]).toEqual(["y"]);
  clock.advance(100);
});

it("believes no report that it did not ask for, nor one twice", async () => {
  const { probing, told, complaints, answer } = setup();
  answer("a", 1);
  const asked = probing.ask(["a", "b"]);
  answer("a", 77);
  answer("a");
  answer("a");
  await asked;
  expect(told).toHaveLength(1);
  expect(complaints).toHaveLength(3);
});

it("is answered at a bounded rate", async () => {
  const mesh = memoryMesh(1);
  const [worker] = mesh.workers as [FakeWorker];
  await mesh.home.submit({ skill: "echo", input: jsonBody(1) });
  await settled();
  for (let nonce = 0; nonce < 3 * limits.probesPerSecond; nonce++) mesh.say(worker, { kind: "probe", nonce });
  await settled();
  const reports = worker.log.filter(({ to, message }) => to === "home" && message.kind === "loadReport");
  expect(reports.length).toBeLessThanOrEqual(limits.probesPerSecond);
  expect(reports.length).toBeGreaterThan(0);
});
