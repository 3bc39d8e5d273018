/** What each route does with the node, called through the client that the command line uses. */
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ErrandError } from "../../../src/core/errors.ts";
import type { Explanation, NodeStatus, PeerView, SkillView, TaskView } from "../../../src/node/node.ts";
import { createClient } from "../../../src/api/client.ts";
import { parsePriority } from "../../../src/api/priority.ts";
import { startFakeApi, type FakeApi } from "../../support/fake-api.ts";
import { fakePeer, otherPeer } from "../../support/fake-views.ts";

let api: FakeApi;

beforeEach(async () => {
  api = await startFakeApi();
});

afterEach(() => api.close());

const get = <T>(path: string, query = {}): Promise<T> => api.client.call<T>("GET", path, { query });
const submit = (body: object, query = {}): Promise<TaskView> =>
  api.client.call<TaskView>("POST", "/v1/tasks", { body, query });
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: ErrandError) => error.code,
  );

describe("submit", () => {
  test("hands the node what was asked for", async () => {
    await submit({
      skill: "echo",
      input: { a: [1, "ü"] },
      priority: "urgent",
      peer: otherPeer.slice(-6),
      retries: 2,
      retry: { strategy: "fixed", delayMs: 10 },
      taskTimeoutMs: 5_000,
      labels: { batch: "7" },
    });
    const [submission] = api.node.submissions;
    expect(submission).toMatchObject({
      skill: "echo",
      priority: 224,
      peer: otherPeer,
      retry: { retries: 2, strategy: "fixed", delayMs: 10 },
      taskTimeoutMs: 5_000,
      labels: { batch: "7" },
    });
    expect(submission?.input.type).toBe("application/json");
    expect(Buffer.from(submission?.input.bytes ?? []).toString()).toBe('{"a":[1,"ü"]}');
  });

  test.each([
    [undefined, "{}"],
    [null, "null"],
    [0, "0"],
    ["", '""'],
  ])("input %j is %s", async (input, expected) => {
    await submit({ skill: "echo", ...(input === undefined ? {} : { input }) });
    expect(Buffer.from(api.node.submissions[0]?.input.bytes ?? []).toString()).toBe(expected);
  });

  test("an uploaded blob is an input by its hash", async () => {
    const blob = await api.client.upload<{ hash: string; sizeBytes: number }>(
      "/v1/blobs",
      Readable.from(["ab", "c"]),
    );
    expect(blob.sizeBytes).toBe(3);
    expect(api.node.blobBytes(blob.hash)?.toString()).toBe("abc");
    await submit({ skill: "hold", inputBlob: { ...blob, type: "text/plain" } });
    expect(api.node.submissions[0]?.input).toEqual({ blob, type: "text/plain" });
    expect(await text((await api.client.download(`/v1/blobs/${blob.hash}`)).bytes)).toBe("abc");
  });

  test("a JSON document is a blob like any other", async () => {
    const { hash } = await api.client.upload<{ hash: string }>("/v1/blobs", Readable.from(["{broken"]));
    expect(api.node.blobBytes(hash)?.toString()).toBe("{broken");
  });

  test("wait answers with the end, or with the task as it is", async () => {
    expect(await submit({ skill: "echo", input: 1 }, { wait: 5 })).toMatchObject({
      status: "completed",
      output: 1,
    });
    expect(await submit({ skill: "hold" }, { wait: 0 })).toMatchObject({ status: "running" });
  });

  test("priorities by name and number; 1 to 5 mean what they say", () => {
    expect(["low", "Normal", "medium", "high", "critical", "urgent", 0, 5, "255"].map(parsePriority)).toEqual(
      [32, 96, 96, 160, 224, 224, 0, 5, 255],
    );
    for (const wrong of [-1, 256, 1.5, "", "1e2", "highest"]) expect(() => parsePriority(wrong)).toThrow();
  });
});

describe("look and wait", () => {
  test("a task by a shortened id", async () => {
    const { id } = await submit({ skill: "hold" });
    expect((await get<TaskView>(`/v1/tasks/${id.slice(-8)}`)).id).toBe(id);
    await submit({ skill: "hold" });
    expect(await codeOf(get(`/v1/tasks/${id.slice(0, 4)}`))).toBe("Ambiguous");
  });

  test("a list with filters, in pages", async () => {
    const ids: string[] = [];
    for (const skill of ["echo", "hold", "echo", "echo"]) {
      ids.unshift((await submit({ skill, labels: { n: String(ids.length) } })).id);
    }
    const page = await get<{ tasks: TaskView[]; next: string }>("/v1/tasks", { limit: 3 });
    expect(page.tasks.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    const rest = await get<{ tasks: TaskView[]; next: null }>("/v1/tasks", { limit: 3, before: page.next });
    expect(rest).toMatchObject({ tasks: [{ id: ids[3] }], next: null });
    const running = await get<{ tasks: TaskView[] }>("/v1/tasks", { state: ["running", "queued"] });
    expect(running.tasks.map(({ skill }) => skill)).toEqual(["hold"]);
    const labelled = await get<{ tasks: TaskView[] }>("/v1/tasks", { label: "n=0" });
    expect(labelled.tasks.map(({ id }) => id)).toEqual([ids[3]]);
  });

  test("a long poll ends with the task", async () => {
    const { id } = await submit({ skill: "hold" });
    const waiting = get<TaskView>(`/v1/tasks/${id}/wait`, { timeout: 30 });
    await api.node.watched();
    api.node.finish(id, { done: true });
    expect(await waiting).toMatchObject({ status: "completed", output: { done: true } });
  });

  test("and tells the state when its time is over", async () => {
    const { id } = await submit({ skill: "hold" });
    expect(await get<TaskView>(`/v1/tasks/${id}/wait`, { timeout: 0 })).toMatchObject({ status: "running" });
  });

  test("and says why when the node stops", async () => {
    const { id } = await submit({ skill: "hold" });
    const waiting = codeOf(get(`/v1/tasks/${id}/wait`, { timeout: 30 }));
    await api.node.watched();
    await api.stop();
    expect(await waiting).toBe("ShuttingDown");
  });

  test("the output as it is, inert in a browser", async () => {
    const { id } = await submit({ skill: "bytes" });
    const { type, bytes } = await api.client.download(`/v1/tasks/${id}/output`);
    expect(type).toBe("text/plain");
    expect(await text(bytes)).toBe("plain text\n");
    const held = await submit({ skill: "hold" });
    expect(await codeOf(api.client.download(`/v1/tasks/${held.id}/output`))).toBe("NotFound");
  });

  test("explain and cancel", async () => {
    const { id } = await submit({ skill: "hold" });
    expect(await get<Explanation>(`/v1/tasks/${id}/explain`)).toMatchObject({
      id,
      attempts: [{ attempt: 1 }],
    });
    const body = { reason: "changed my mind" };
    const cancelled = await api.client.call<TaskView>("POST", `/v1/tasks/${id}/cancel`, { body });
    expect(cancelled).toMatchObject({ status: "cancelled", reason: "changed my mind" });
    expect(await codeOf(api.client.call("POST", `/v1/tasks/${id}/cancel`))).toBe("Conflict");
  });
});

describe("skills and peers", () => {
  test("skills of this node, of all, by match, one, and providers", async () => {
    const ids = async (query: object): Promise<string[]> =>
      (await get<{ skills: SkillView[] }>("/v1/skills", query)).skills.map(({ id }) => id);
    expect(await ids({})).toEqual(["echo", "hold"]);
    expect(await ids({ all: true, match: "text." })).toEqual(["text.stats", "text.keywords"]);
    expect(await ids({ all: true, match: "stats" })).toEqual(["text.stats"]);
    expect(await get<SkillView>("/v1/skills/echo")).toMatchObject({ id: "echo", output: true });
    const { providers } = await get<{ providers: PeerView[] }>("/v1/skills/text.stats/providers");
    expect(providers.map(({ id }) => id)).toEqual([fakePeer, otherPeer]);
  });

  test("peers: list, get, connect, pin, block", async () => {
    expect((await get<{ peers: PeerView[] }>("/v1/peers")).peers).toHaveLength(2);
    const path = `/v1/peers/${otherPeer.slice(-8)}`;
    expect(await get<PeerView>(path)).toMatchObject({ id: otherPeer });
    await api.client.call("POST", "/v1/peers/connect", { body: { target: "/ip4/127.0.0.1/tcp/5" } });
    expect(await api.client.call("PUT", `${path}/pin`, { body: { trust: 0.9 } })).toMatchObject({
      pinned: 0.9,
    });
    expect(await api.client.call("DELETE", `${path}/pin`)).toMatchObject({ pinned: null });
    expect(await api.client.call("PUT", `${path}/block`)).toMatchObject({ blocked: true });
    expect(await api.client.call("DELETE", `${path}/block`)).toMatchObject({ blocked: false });
    expect(api.node.decisions).toEqual([
      "connect /ip4/127.0.0.1/tcp/5",
      "pin 0.9",
      "pin null",
      "block",
      "unblock",
    ]);
    expect(await codeOf(api.client.call("PUT", `${path}/pin`, { body: { trust: 2 } }))).toBe("InvalidInput");
    expect(
      await codeOf(api.client.call("POST", "/v1/peers/connect", { body: { target: "/ip4/1.1.1.1/tcp/1" } })),
    ).toBe("PeerUnreachable");
  });
});

describe("the node", () => {
  test("status and shutdown", async () => {
    expect(await get<NodeStatus>("/v1/status")).toMatchObject({ peerId: fakePeer });
    expect(await api.client.call("POST", "/v1/shutdown")).toEqual({ status: "stopping" });
    await api.shutdownAsked;
  });
});

describe("the client", () => {
  test("says NodeUnreachable with the way out when nobody answers", async () => {
    await api.stop();
    const error = await get("/v1/status").catch((e: ErrandError) => e);
    expect(error).toMatchObject({ code: "NodeUnreachable", hint: expect.stringContaining("errand up") });
  });

  test("says Unauthorized without a token", async () => {
    const client = createClient({ url: api.url, token: undefined });
    expect(await codeOf(client.call("GET", "/v1/status"))).toBe("Unauthorized");
    client.close();
  });

  test("stops with the caller's signal, for the caller's reason", async () => {
    const { id } = await submit({ skill: "hold" });
    const stop = new AbortController();
    const waiting = api.client.call("GET", `/v1/tasks/${id}/wait`, { signal: stop.signal });
    await api.node.watched();
    stop.abort(new Error("mine"));
    await expect(waiting).rejects.toThrow("mine");
  });

  test("does not wait for an answer for ever", async () => {
    const { id } = await submit({ skill: "hold" });
    const waiting = api.client.call("GET", `/v1/tasks/${id}/wait`, { timeoutMs: 50 });
    await expect(waiting).rejects.toMatchObject({ code: "NodeUnreachable" });
  });
});
