/** Webhooks: at least once, in order, bounded, signed; and what is not on disk is told to nobody. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { newTaskId } from "../../../src/core/ids.ts";
import { limits } from "../../../src/core/limits.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { Store } from "../../../src/storage/store.ts";
import { createChanges } from "../../../src/tasks/changes.ts";
import type { EventJson } from "../../../src/tasks/hooks/events.ts";
import { post, type PostOutcome } from "../../../src/tasks/hooks/post.ts";
import { webhookTargets, type WebhookSettings } from "../../../src/tasks/hooks/settings.ts";
import { sign, verifySignature } from "../../../src/tasks/hooks/signature.ts";
import { createWebhooks, pauseMs } from "../../../src/tasks/hooks/webhooks.ts";
import { newRecord, type TaskRecord } from "../../../src/tasks/record.ts";
import { fillSpec } from "../../../src/tasks/submission.ts";
import { createTaskTable } from "../../../src/tasks/table.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";
import { temporaryStore } from "../storage/temporary-store.ts";

const secret = "0123456789abcdef0123456789abcdef";
const url = "http://127.0.0.1:9/hook";
const accepted: PostOutcome = { kind: "accepted" };
const gone: PostOutcome = { kind: "unreachable", message: "connection refused", retryAfterMs: 0 };

interface Sent {
  url: string;
  headers: Record<string, string>;
  event: EventJson;
  body: string;
}

/** A node's webhooks on `store`; `answer` is what the receivers say. */
async function life(
  store: Store,
  answer: (sent: Sent) => PostOutcome,
  settings: Partial<WebhookSettings> = {},
) {
  const clock = manualClock();
  const sent: Sent[] = [];
  const table = createTaskTable({ store, changes: createChanges(), clock, self: "me", log: silentLog });
  const webhooks = createWebhooks({
    targets: await webhookTargets([{ url, secret, ...settings }]),
    self: "me",
    store,
    committed: () => table.committed(),
    clock,
    random: () => 0,
    log: silentLog,
    post: async (to, headers, body) => {
      const one: Sent = { url: to, headers, body, event: JSON.parse(body) as EventJson };
      sent.push(one);
      return answer(one);
    },
  });
  await webhooks.load();
  table.onMove((record, from) => webhooks.moved(record, from));
  const stop = webhooks.start();
  onTestFinished(stop);
  return {
    clock,
    sent,
    table,
    webhooks,
    stop,
    add(skill = "echo"): TaskRecord {
      const record = newRecord(
        newTaskId(),
        fillSpec({ skill, input: jsonBody(1) }),
        jsonBody(1),
        clock.now(),
      );
      table.add(record);
      table.move(record, "queued", "");
      return record;
    },
    arrived: (count: number) => until(`${count} deliveries`, () => sent.length >= count),
    types: () => sent.map(({ event }) => event.type),
    waiting: async () => Number((await store.read("SELECT count(*) AS n FROM webhook_outbox"))[0]?.["n"]),
  };
}

describe("webhooks", () => {
  it("tell the life of a task in order, signed, and forget what was accepted", async () => {
    const { store } = await temporaryStore();
    const t = await life(store, () => accepted);
    const task = t.add();
    t.table.move(task, "assigned", "");
    t.clock.advance(40);
    task.output = jsonBody({ ok: true });
    t.table.move(task, "completed", "");
    await t.arrived(3);
    expect(t.types()).toEqual(["TaskSubmitted", "TaskAssigned", "TaskCompleted"]);
    expect(t.sent[2]?.event).toMatchObject({
      node: "me",
      data: { task: { id: task.id, status: "completed" }, duration: 40, result: { ok: true } },
    });
    for (const { headers, body } of t.sent)
      expect(verifySignature(secret, body, headers["x-errand-signature"] as string, t.clock.now())).toBe(
        true,
      );
    await until("all are forgotten", async () => (await t.waiting()) === 0);
    expect(t.webhooks.counters).toEqual({ webhooksSent: 3, webhooksFailed: 0, webhooksDropped: 0 });
  });

  it("tell a failure with its error and retries, and a cancel with its reason", async () => {
    const { store } = await temporaryStore();
    const t = await life(store, () => accepted, { events: ["TaskFailed", "TaskCancelled"] });
    const failed = t.add();
    failed.error = { code: "SkillFailed", message: "no luck", retryable: true };
    failed.retriesMade = 2;
    t.table.move(failed, "failed", "error");
    t.table.move(t.add(), "cancelled", "changed my mind");
    await t.arrived(2);
    expect(t.sent.map(({ event }) => event.data)).toMatchObject([
      { error: { code: "SkillFailed" }, retryCount: 2 },
      { reason: "changed my mind" },
    ]);
  });

  it("name a large or unreadable result instead of sending it", async () => {
    const { store } = await temporaryStore();
    const t = await life(store, () => accepted, { events: ["TaskCompleted"] });
    const task = t.add();
    t.table.move(task, "assigned", "");
    task.output = jsonBody("x".repeat(limits.webhookResultBytes));
    task.outputHash = new Uint8Array(32).fill(1);
    t.table.move(task, "completed", "");
    await t.arrived(1);
    expect(t.sent[0]?.event.data).toMatchObject({
      result: null,
      resultRef: { sizeBytes: limits.webhookResultBytes + 2, hash: "01".repeat(32) },
    });
  });

  it("send only the events and skills that were asked for", async () => {
    const { store } = await temporaryStore();
    const t = await life(store, () => accepted, { skills: ["echo"] });
    t.add("text.stats");
    t.webhooks.tell("TaskProgress", {}, "echo");
    t.webhooks.tell("PeerJoined", { peer: "p" });
    t.add("echo");
    await t.arrived(2);
    expect(t.types()).toEqual(["PeerJoined", "TaskSubmitted"]);
    expect(t.webhooks.wants("TaskProgress")).toBe(false);
  });

  it("hold all events of a receiver that does not answer, in order, with growing pauses", async () => {
    const { store } = await temporaryStore();
    let up = false;
    const t = await life(store, () => (up ? accepted : gone));
    for (let i = 0; i < 3; i++) t.webhooks.tell("PeerJoined", { peer: String(i) });
    const times: number[] = [];
    for (let tries = 1; tries <= 6; tries++) {
      await t.arrived(tries);
      times.push(t.clock.monotonic());
      await until("it is postponed", async () => {
        const [row] = await store.read("SELECT max(attempts) AS n FROM webhook_outbox");
        return row?.["n"] === tries;
      });
      t.clock.advance(pauseMs(tries - 1, () => 0));
    }
    expect(times).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500]);
    up = true;
    await until("the tries go on", () => t.sent.length >= 7);
    await t.arrived(9);
    expect(t.sent.slice(-3).map(({ event }) => event.data["peer"])).toEqual(["0", "1", "2"]);
    expect(new Set(t.sent.slice(0, 7).map(({ event }) => event.id)).size).toBe(1);
  });

  it("let a refused event step aside for the others", async () => {
    const { store } = await temporaryStore();
    const t = await life(store, ({ event }) =>
      event.data["peer"] === "0" ? { kind: "refused", message: "it answered 400" } : accepted,
    );
    for (let i = 0; i < 3; i++) t.webhooks.tell("PeerJoined", { peer: String(i) });
    await t.arrived(3);
    expect(t.sent.map(({ event }) => event.data["peer"])).toEqual(["0", "1", "2"]);
    t.clock.advance(pauseMs(0, () => 0));
    await t.arrived(4);
    expect(t.sent[3]?.headers["x-errand-attempt"]).toBe("2");
  });

  it("give an event up after a day, and go on with those after it", async () => {
    const { store } = await temporaryStore();
    let up = false;
    const t = await life(store, () => (up ? accepted : gone));
    t.webhooks.tell("PeerJoined", { peer: "old" });
    await t.arrived(1);
    await until("it is postponed", async () => {
      const [row] = await store.read("SELECT max(attempts) AS n FROM webhook_outbox");
      return row?.["n"] === 1;
    });
    up = true;
    t.clock.setWall(t.clock.now() + limits.webhookKeptMs + 1);
    t.webhooks.tell("PeerJoined", { peer: "new" });
    t.clock.advance(3_600_000);
    await t.arrived(2);
    expect(t.sent[1]?.event.data["peer"]).toBe("new");
    expect(t.webhooks.counters.webhooksFailed).toBe(1);
  });

  it("outlive the node: what was not accepted is sent in the next life", async () => {
    const { store } = await temporaryStore();
    const t = await life(store, () => gone);
    t.add();
    await t.arrived(1);
    t.stop();
    const next = await life(store, () => accepted);
    await next.arrived(1);
    expect(next.sent[0]?.event.id).toBe(t.sent[0]?.event.id);
    // The URL is no longer in the configuration: nobody waits for it any more.
    const other = await life(store, () => accepted);
    other.webhooks.tell("PeerLeft", { peer: "p" });
    other.stop();
    await other.table.committed();
    const without = await life(store, () => accepted, { url: "http://127.0.0.1:9/other" });
    expect(without.webhooks.counters.webhooksDropped).toBe(1);
  });

  it("drop the oldest beyond the bound, and count them", async () => {
    const { store } = await temporaryStore();
    const t = await life(store, () => gone);
    for (let i = 0; i < limits.webhookEvents + 5; i++) t.webhooks.tell("PeerJoined", { peer: String(i) });
    expect(t.webhooks.counters.webhooksDropped).toBe(5);
    await t.arrived(1);
    expect(t.sent[0]?.event.data["peer"]).toBe("5");
    expect(await t.waiting()).toBe(limits.webhookEvents);
  });

  it("tell nobody what could not be stored", async () => {
    const { store } = await temporaryStore();
    const broken: Store = { ...store, committed: () => Promise.reject(new Error("disk full")) };
    const t = await life(broken, () => accepted);
    t.webhooks.tell("PeerJoined", { peer: "p" });
    await store.committed();
    await new Promise((resolve) => setImmediate(resolve));
    expect(t.sent).toEqual([]);
  });
});

describe("the pause between deliveries", () => {
  it("grows from half a second to an hour, half of it random", () => {
    expect(pauseMs(0, () => 0)).toBe(500);
    expect(pauseMs(0, () => 0.999_999)).toBeCloseTo(1_000, 0);
    expect(pauseMs(99, () => 0.999_999)).toBeCloseTo(3_600_000, -2);
    expect(pauseMs(3, () => 0.5)).toBe(6_000);
  });
});

describe("a signature", () => {
  it("holds for its body, its secret and its time alone", () => {
    const header = sign(secret, "{}", 1_700_000_000_500);
    // Computed apart: printf '1700000000.{}' | openssl dgst -sha256 -hmac SECRET
    expect(header).toBe("t=1700000000,v1=417adf36b901772f658597a76d329694e335e65fc0849d7715c3ca33406309b5");
    expect(verifySignature(secret, "{}", header, 1_700_000_100_000)).toBe(true);
    expect(verifySignature(secret, "{ }", header, 1_700_000_100_000)).toBe(false);
    expect(verifySignature(`${secret}x`, "{}", header, 1_700_000_100_000)).toBe(false);
    expect(verifySignature(secret, "{}", header, 1_700_001_000_000)).toBe(false);
    expect(verifySignature(secret, "{}", "t=1,v1=00", 1_000)).toBe(false);
  });
});

describe("a delivery", () => {
  async function receiver(
    answer: (request: IncomingMessage) => { status: number; headers?: Record<string, string> } | undefined,
  ): Promise<string> {
    const server = createServer((request, response) => {
      request.resume();
      request.on("end", () => {
        const said = answer(request);
        if (said !== undefined) response.writeHead(said.status, said.headers).end("a body nobody reads");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }
  const send = (to: string, signal = AbortSignal.timeout(5_000)) => post(to, { "x-test": "1" }, "{}", signal);

  it.each([
    [204, {}, accepted],
    [400, {}, { kind: "refused", message: "it answered 400" }],
    [302, { location: "/elsewhere" }, { kind: "unreachable", message: "it answered 302", retryAfterMs: 0 }],
    [503, { "retry-after": "7" }, { kind: "unreachable", message: "it answered 503", retryAfterMs: 7_000 }],
  ] as const)("that is answered %i", async (status, headers, outcome) => {
    let requests = 0;
    const to = await receiver(() => {
      requests++;
      return { status, headers };
    });
    expect(await send(to)).toEqual(outcome);
    expect(requests).toBe(1);
  });

  it("to a receiver that never answers, or is not there, ends", async () => {
    const to = await receiver(() => undefined);
    expect(await send(to, AbortSignal.timeout(50))).toMatchObject({
      kind: "unreachable",
      message: "it did not answer in time",
    });
    expect(await send("http://127.0.0.1:1/")).toMatchObject({ kind: "unreachable" });
  });
});

describe("the settings of webhooks", () => {
  it("take a secret from a file that nobody else may read", async () => {
    const dir = await mkdtemp(join(tmpdir(), "errand-webhooks-"));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const secretFile = join(dir, "secret");
    await writeFile(secretFile, `${secret}\n`);
    await chmod(secretFile, 0o644);
    await expect(webhookTargets([{ url, secretFile }])).rejects.toThrow(/may be read by others/);
    await chmod(secretFile, 0o600);
    expect(await webhookTargets([{ url, secretFile }])).toMatchObject([{ secret, name: url }]);
  });

  it.each([
    [{ url: "ftp://example.org", secret }, /not a URL/],
    [{ url }, /either secretFile or secret/],
    [{ url, secret: "short" }, /fewer than/],
    [{ url, secretFile: "/nowhere/secret" }, /cannot read/],
  ])("refuse %o", async (settings, message) => {
    await expect(webhookTargets([settings])).rejects.toThrow(message);
  });
});
