/** Event streams from the node to the client: order, ends, coming back, and bounds. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../../src/core/limits.ts";
import type { Clock } from "../../../src/core/clock.ts";
import type { TaskChange, TaskView, TrustChange } from "../../../src/node/node.ts";
import { createEventLog, type LoggedEvent } from "../../../src/api/event-log.ts";
import { parseEvents, type ServerEvent } from "../../../src/api/event-client.ts";
import { startFakeApi, type FakeApi } from "../../support/fake-api.ts";

describe("over HTTP", () => {
  let api: FakeApi;
  let stop: AbortController;

  beforeEach(async () => {
    api = await startFakeApi();
    stop = new AbortController();
  });

  afterEach(async () => {
    stop.abort();
    await api.close();
  });

  const submit = (skill: string): Promise<TaskView> =>
    api.client.call<TaskView>("POST", "/v1/tasks", { body: { skill } });

  test("one task: its state now, its changes, and the end of the stream with its end", async () => {
    const { id } = await submit("hold");
    const seen: [string, string, number][] = [];
    for await (const { event, data } of api.client.events(`/v1/tasks/${id.slice(-8)}/events`, {
      signal: stop.signal,
    })) {
      const { task } = JSON.parse(data) as TaskChange;
      seen.push([event, task.status, task.progress]);
      if (seen.length === 1) {
        api.node.progress(id, 0.5, "half");
        api.node.finish(id, "out");
      }
    }
    expect(seen).toEqual([
      ["TaskState", "running", 0],
      ["TaskProgress", "running", 0.5],
      ["TaskCompleted", "completed", 1],
    ]);
  });

  test("a task that has ended is told and done; an unknown one is NotFound", async () => {
    const { id } = await submit("echo");
    const events = await Array.fromAsync(
      api.client.events(`/v1/tasks/${id}/events`, { signal: stop.signal }),
    );
    expect(events.map(({ event }) => event)).toEqual(["TaskState"]);
    const unknown = api.client.events("/v1/tasks/0123abcd/events", { signal: stop.signal });
    await expect(unknown.next()).rejects.toMatchObject({ code: "NotFound" });
  });

  test("all tasks, and on after the last id", async () => {
    const first = api.client.events("/v1/events", { signal: stop.signal });
    const next = first.next();
    await api.node.watched();
    await submit("echo");
    const one = (await next).value as ServerEvent;
    expect([one.event, one.id]).toEqual(["TaskSubmitted", expect.stringMatching(/^[0-9a-f]{12}-\d+$/)]);
    await first.return();

    const response = await fetch(`${api.url}/v1/events`, {
      headers: { authorization: `Bearer ${api.token}`, "last-event-id": one.id },
      signal: stop.signal,
    });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const resumed = parseEvents(response.body as unknown as AsyncIterable<Uint8Array>);
    expect((await resumed.next()).value?.event).toBe("TaskAssigned");
    expect((await resumed.next()).value?.event).toBe("TaskCompleted");
  });

  test("no more streams than the limit", async () => {
    const streams = Array.from({ length: limits.apiEventStreams }, () => new AbortController());
    const { id } = await submit("hold");
    for (const { signal } of streams) await api.client.events(`/v1/tasks/${id}/events`, { signal }).next();
    const another = api.client.events(`/v1/tasks/${id}/events`, { signal: stop.signal });
    await expect(another.next()).rejects.toMatchObject({ code: "RateLimited", retryAfterMs: 1_000 });
    for (const stream of streams) stream.abort();
  });

  test("they end when the node stops", async () => {
    const { id } = await submit("hold");
    const events = api.client.events(`/v1/tasks/${id}/events`, { signal: stop.signal });
    await events.next();
    await api.stop();
    expect(await events.next()).toMatchObject({ done: true });
  });
});

describe("the log of events", () => {
  function setUp() {
    const closing = new AbortController();
    const later: (() => void)[] = [];
    const clock: Clock = {
      now: () => 0,
      monotonic: () => 0,
      after(_delayMs, run) {
        later.push(run);
        return () => later.splice(later.indexOf(run), 1);
      },
    };
    let push: (change: TaskChange | undefined) => void = () => undefined;
    let watches = 0;
    async function* watch(signal: AbortSignal): AsyncGenerator<TaskChange> {
      watches++;
      const queue: (TaskChange | undefined)[] = [];
      let wake = Promise.withResolvers<void>();
      push = (change) => {
        queue.push(change);
        wake.resolve();
      };
      signal.addEventListener("abort", () => push(undefined));
      for (;;) {
        while (queue.length === 0) {
          await wake.promise;
          wake = Promise.withResolvers();
        }
        const change = queue.shift();
        if (change === undefined) return;
        yield change;
      }
    }
    const trust: TrustChange[] = [];
    let wakeTrust = Promise.withResolvers<void>();
    const log = createEventLog({
      watch,
      async *watchTrust(signal) {
        signal.addEventListener("abort", () => wakeTrust.resolve());
        while (!signal.aborted) {
          yield* trust.splice(0);
          await wakeTrust.promise;
          wakeTrust = Promise.withResolvers();
        }
      },
      clock,
      closing: closing.signal,
      onError: (error) => expect.fail(String(error)),
    });
    const change = (seq: number, size = 1): TaskChange => ({
      seq,
      event: "TaskProgress",
      task: { progressMessage: "x".repeat(size) } as TaskView,
    });
    return {
      log,
      later,
      closing,
      watches: () => watches,
      add: (seq: number, size?: number) => push(change(seq, size)),
      trustChanges() {
        trust.push({ event: "TrustChanged", peer: "p", skill: "echo", good: 1, bad: 0, reliability: 1 });
        wakeTrust.resolve();
      },
    };
  }

  const value = async (reader: AsyncIterator<LoggedEvent>): Promise<LoggedEvent> =>
    (await reader.next()).value;
  const read = (log: ReturnType<typeof setUp>["log"], after?: string): AsyncIterator<LoggedEvent> =>
    log.read(after, new AbortController().signal)[Symbol.asyncIterator]();

  test("two readers share one watch", async () => {
    const { log, add, watches } = setUp();
    const readers = [read(log), read(log)];
    const pending = readers.map(value);
    add(1);
    expect((await Promise.all(pending)).map(({ id }) => id)).toEqual([log.idOf(1), log.idOf(1)]);
    expect(watches()).toBe(1);
  });

  test("changes of trust come to who asked for them, and can be resumed after", async () => {
    const { log, add, trustChanges } = setUp();
    const signal = new AbortController().signal;
    const all = log.read(undefined, signal, { trust: true })[Symbol.asyncIterator]();
    const pending = value(all);
    const tasksAlone = value(read(log));
    trustChanges();
    const changed = await pending;
    expect(changed).toMatchObject({ event: "TrustChanged" });
    expect(JSON.parse(changed.data)).toMatchObject({ peer: "p", good: 1 });
    add(1);
    expect((await tasksAlone).id).toBe(log.idOf(1));
    expect((await value(all)).id).toBe(log.idOf(1));
    expect((await value(read(log, changed.id))).id).toBe(log.idOf(1));
  });

  test("an id of another run, or one long gone, begins with EventsLost", async () => {
    const { log } = setUp();
    expect(await value(read(log, "ffffffffffff-3"))).toMatchObject({ event: "EventsLost", id: "" });
  });

  test("a reader that falls behind costs no memory: it is told and goes on with what is kept", async () => {
    const { log, add } = setUp();
    const slow = read(log);
    const first = value(slow);
    add(1);
    expect((await first).id).toBe(log.idOf(1));
    const fast = read(log);
    const big = Math.ceil(limits.apiEventsKeptBytes / 3);
    for (let seq = 2; seq <= 10; seq++) {
      const pending = value(fast);
      add(seq, big);
      expect((await pending).id).toBe(log.idOf(seq));
    }
    expect((await value(slow)).event).toBe("EventsLost");
    expect((await value(slow)).id).toBe(log.idOf(9));
  });

  test("nobody reads: it stops watching after a while, and starts again", async () => {
    const { log, later, add, watches } = setUp();
    const reader = read(log);
    const pending = value(reader);
    add(1);
    await pending;
    await reader.return?.();
    expect(later).toHaveLength(1);
    later[0]?.();
    const again = value(read(log));
    add(2);
    expect((await again).id).toBe(log.idOf(2));
    expect(watches()).toBe(2);
  });

  test("closing ends the readers", async () => {
    const { log, closing } = setUp();
    const pending = read(log).next();
    closing.abort();
    expect(await pending).toMatchObject({ done: true });
  });
});

describe("parsing", () => {
  test("chunks may be cut anywhere, even inside a character", async () => {
    const bytes = Buffer.from(
      ': hi\n\nid: 7\nevent: A\ndata: {"x":"ü"}\n\ndata: 1\r\ndata:2\r\n\r\nevent: empty\n\n',
    );
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      const events = await Array.fromAsync(
        parseEvents(
          (async function* () {
            yield* chunks;
          })(),
        ),
      );
      expect(events).toEqual([
        { id: "7", event: "A", data: '{"x":"ü"}' },
        { id: "", event: "message", data: "1\n2" },
      ]);
    }
  });
});
