/** What is removed, what stays, and that nobody who waits for a commit notices. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock, type Clock } from "../../../src/core/clock.ts";
import { newTaskId, taskIdToBytes, type TaskId } from "../../../src/core/ids.ts";
import { openBlobs, type BlobStore } from "../../../src/storage/blobs.ts";
import { insertAttempt } from "../../../src/storage/attempts.ts";
import { insertGraph, putGraphNode, updateGraph } from "../../../src/storage/graphs.ts";
import type { Store } from "../../../src/storage/store.ts";
import { finishTask, insertTask, linkTask } from "../../../src/storage/tasks.ts";
import { createRetention, type Retention, type RetentionPolicy } from "../../../src/tasks/retention.ts";
import { temporaryDir, temporaryStore } from "../storage/temporary-store.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const policy: RetentionPolicy = {
  completed: dayMs,
  cancelled: dayMs,
  failed: 7 * dayMs,
  timeout: 7 * dayMs,
  rejected: 7 * dayMs,
  skills: {},
};

/** The system's timers, and a wall clock that the test sets on. */
function shiftedClock(): Clock & { shiftMs: number } {
  const clock = { ...systemClock, shiftMs: 0 };
  return Object.assign(clock, { now: () => systemClock.now() + clock.shiftMs });
}

interface Made {
  state?: string;
  skill?: string;
  /** How long ago it ended, ms; null for a task that has not. */
  ago?: number | null;
  input?: Uint8Array;
  inputBlob?: string;
  outputBlob?: string;
  graph?: string;
}

interface Bench {
  store: Store;
  blobs: BlobStore;
  clock: Clock & { shiftMs: number };
  retention: Retention;
  removed: TaskId[];
  sweeps: number;
  make(task?: Made): TaskId;
  ids(table?: string, column?: string): Promise<Set<string>>;
}

async function bench(own: Partial<RetentionPolicy> = {}): Promise<Bench> {
  const { store } = await temporaryStore();
  const clock = shiftedClock();
  const blobs = openBlobs(join(await temporaryDir(), "blobs"), { clock });
  const made: Omit<Bench, "retention"> = {
    store,
    blobs,
    clock,
    removed: [],
    sweeps: 0,
    make: (task = {}) => makeTask(store, clock.now(), task),
    async ids(table = "tasks", column = "id") {
      await store.committed();
      const rows = await store.read<{ id: Uint8Array }>(`SELECT ${column} AS id FROM ${table}`);
      return new Set(rows.map(({ id }) => Buffer.from(id).toString("hex")));
    },
  };
  const retention = createRetention({
    store,
    blobs,
    policy: { ...policy, ...own },
    clock,
    removed: (ids) => made.removed.push(...ids),
    swept: () => made.sweeps++,
  });
  return Object.assign(made, { retention });
}

function makeTask(store: Store, nowAt: number, task: Made): TaskId {
  const { state = "completed", skill = "echo", ago = 0, inputBlob = "", outputBlob = "" } = task;
  const id = newTaskId();
  const input = task.input ?? Buffer.from("{}");
  insertTask(store, {
    id,
    state: ago === null ? state : "running",
    reason: "",
    skill,
    skillVersion: "",
    priority: 96,
    attempt: 1,
    attemptsMade: 1,
    retriesMade: 0,
    lossesMade: 0,
    sentEpoch: 1,
    startedAt: nowAt,
    peer: "",
    createdAt: nowAt - (ago ?? 0),
    updatedAt: nowAt,
    notBefore: null,
    deadlineAt: null,
    spec: "{}",
    trail: "",
    input: inputBlob === "" ? input : null,
    inputBlob,
    inputSize: input.length,
    inputType: "application/json",
    inputHash: new Uint8Array(32),
  });
  if (task.graph !== undefined) linkTask(store, id, { graph: { id: task.graph, node: "n" } });
  store.write(
    "INSERT INTO history (task_id, seq, at, from_state, to_state, attempt, peer, reason) VALUES (?, 1, 1, '', 'queued', 1, '', '')",
    [taskIdToBytes(id)],
  );
  store.write("INSERT INTO idempotency (key, task_id, created_at) VALUES (?, ?, 1)", [id, taskIdToBytes(id)]);
  insertAttempt(store, id, {
    attempt: 1,
    peer: "",
    startedAt: 1,
    finishedAt: 2,
    outcome: "completed",
    error: null,
    usage: null,
    decision: null,
  });
  if (ago !== null)
    finishTask(store, {
      id,
      state,
      reason: "",
      attempt: 1,
      attemptsMade: 1,
      retriesMade: 0,
      lossesMade: 0,
      peer: "",
      finishedAt: nowAt - ago,
      executedVersion: "1.0.0",
      output: outputBlob === "" ? Buffer.from('"out"') : null,
      outputBlob,
      outputSize: 5,
      outputType: "application/json",
      outputHash: new Uint8Array(32),
      error: null,
      usage: null,
      evidence: null,
      trail: "",
      lastAttempts: "",
    });
  return id;
}

const hex = (...ids: TaskId[]): Set<string> => new Set(ids.map((id) => id.replaceAll("-", "")));

describe("by the policy", () => {
  it("what ended long enough ago goes, with all that is its own; what has not ended stays however old", async () => {
    const { retention, make, ids, removed } = await bench();
    const old = [
      make({ ago: 25 * hourMs, input: Buffer.alloc(5_000) }),
      make({ state: "cancelled", ago: 25 * hourMs }),
      make({ state: "failed", ago: 8 * dayMs }),
    ];
    const kept = [
      make({ ago: 23 * hourMs }),
      make({ state: "failed", ago: 25 * hourMs }),
      make({ state: "timeout", ago: 6 * dayMs }),
      make({ state: "queued", ago: null }),
    ];
    const result = await retention.prune();
    expect(result.tasks).toEqual({ completed: 1, cancelled: 1, failed: 1, timeout: 0, rejected: 0 });
    expect(result.rowBytes).toBeGreaterThan(5_000);
    expect(new Set(removed)).toEqual(new Set(old));
    for (const table of ["history", "attempts", "idempotency"])
      expect(await ids(table, "task_id"), table).toEqual(hex(...kept));
    expect(await ids()).toEqual(hex(...kept));
    expect(await ids("task_inputs", "task_id")).toEqual(new Set());
  });

  it("a skill may have times of its own, shorter or longer", async () => {
    const { retention, make, ids } = await bench({
      skills: { quick: { completed: hourMs }, audit: { completed: 30 * dayMs } },
    });
    make({ skill: "quick", ago: 2 * hourMs });
    make({ ago: 25 * hourMs });
    const kept = [
      make({ skill: "quick", ago: hourMs / 2 }),
      make({ skill: "quick", state: "failed", ago: 2 * dayMs }),
      make({ skill: "audit", ago: 20 * dayMs }),
      make({ ago: 2 * hourMs }),
    ];
    await retention.prune();
    expect(await ids()).toEqual(hex(...kept));
  });

  it("tells once that rows have gone, and not when none have", async () => {
    const made = await bench();
    await made.retention.prune();
    expect(made.sweeps).toBe(0);
    for (let n = 0; n < 250; n++) made.make({ ago: 2 * dayMs });
    await made.retention.prune();
    expect(made.sweeps).toBe(1);
    expect(made.removed.length).toBe(250);
  });
});

describe("on demand", () => {
  it("by age and state, and a dry run removes nothing but counts the same", async () => {
    const { retention, make, ids, ...made } = await bench();
    make({ ago: 10_000 });
    make({ state: "failed", ago: 10_000 });
    const kept = [make({ state: "cancelled", ago: 10_000 }), make({ state: "failed", ago: 1_000 })];
    const options = { olderThanMs: 5_000, states: ["completed", "failed"] } as const;
    const dry = await retention.prune({ ...options, dryRun: true });
    expect((await ids()).size).toBe(4);
    expect(made.removed).toEqual([]);
    const { dryRun: _dry, fileBytes: _file, ...wet } = await retention.prune(options);
    expect(dry).toMatchObject({ dryRun: true, ...wet });
    expect(wet.tasks).toMatchObject({ completed: 1, failed: 1, cancelled: 0 });
    expect(await ids()).toEqual(hex(...kept));
  });

  it("ends between two groups when told, and what is removed stays so", async () => {
    const { retention, make, ids, ...made } = await bench();
    for (let n = 0; n < 450; n++) make({ ago: 10 });
    const stop = new AbortController();
    const running = retention.prune({ olderThanMs: 0, signal: stop.signal });
    while (made.removed.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    const left = (await ids()).size;
    expect(left).toBeGreaterThan(0);
    expect(left + made.removed.length).toBe(450);
    // Another sweep is not held up by the one that ended.
    expect((await retention.prune({ olderThanMs: 0 })).tasks.completed).toBe(left);
  });
});

describe("graphs", () => {
  it("keep their tasks while they go on and as long as they are shown, and go with their nodes", async () => {
    const { store, retention, make, ids, clock } = await bench();
    const graph = (state: string, ago: number | null): string => {
      const id = newTaskId();
      insertGraph(store, { id, name: "", spec: "{}", state: "running", reason: "", createdAt: 0 });
      for (let n = 0; n < 3; n++)
        putGraphNode(store, id, { node: `n${n}`, state: "completed", taskId: null, reason: "" });
      if (ago !== null) updateGraph(store, { id, state, reason: "", finishedAt: clock.now() - ago });
      return id;
    };
    const running = graph("running", null);
    const failed = graph("failed", 2 * dayMs);
    const over = graph("completed", 2 * dayMs);
    const kept = [make({ graph: running, ago: 30 * dayMs }), make({ graph: failed, ago: 3 * dayMs })];
    make({ graph: over, ago: 3 * dayMs });
    const dry = await retention.prune({ dryRun: true });
    expect(dry).toMatchObject({ graphs: 1, tasks: { completed: 1 } });
    expect(await retention.prune()).toMatchObject({ graphs: 1, tasks: { completed: 1 } });
    expect(await ids()).toEqual(hex(...kept));
    expect(await ids("graphs")).toEqual(hex(running, failed));
    expect(await ids("graph_nodes", "DISTINCT graph_id")).toEqual(hex(running, failed));
  });
});

describe("blobs", () => {
  it("go with the last row that names them, unless they were used a moment ago", async () => {
    const { store, blobs, retention, make, clock } = await bench();
    const put = async (text: string): Promise<string> => (await blobs.putBytes(Buffer.from(text))).hash;
    const alone = await put("alone");
    const shared = await put("shared by an input and an output");
    const cached = await put("in the cache");
    const scheduled = await put("a schedule's input");
    clock.shiftMs = 25 * hourMs;
    const young = await put("uploaded again just now");
    make({ ago: 2 * dayMs, outputBlob: alone });
    make({ ago: 2 * dayMs, inputBlob: alone });
    make({ ago: 2 * dayMs, inputBlob: shared });
    make({ ago: hourMs, outputBlob: shared });
    make({ ago: 2 * dayMs, outputBlob: cached });
    make({ ago: 2 * dayMs, inputBlob: scheduled });
    make({ ago: 2 * dayMs, inputBlob: young });
    store.write(
      `INSERT INTO result_cache (key, skill, task_id, peer, min_trust, executed_version, output_blob, output_size,
       output_type, output_hash, created_at, used_at, expires_at) VALUES (x'01', '', x'01', '', 0, '', ?, 1, '', x'01', 1, 1, 1)`,
      [cached],
    );
    store.write(
      `INSERT INTO schedules SELECT x'01', '', '', NULL, ?, 1, '', '', '', 1, 'skip', 'skip', 1, NULL, NULL, NULL, 0, 0, NULL, 0, '', 1`,
      [scheduled],
    );
    expect(await retention.prune({ dryRun: true })).toMatchObject({ blobs: 5 });
    expect(await retention.prune()).toMatchObject({ blobs: 1, blobBytes: 5, tasks: { completed: 6 } });
    expect(await blobs.has(alone)).toBe(false);
    for (const hash of [shared, cached, scheduled, young]) expect(await blobs.has(hash)).toBe(true);
  });
});

describe("the database", () => {
  it("becomes smaller when much of it is free", async () => {
    const { store, retention, make } = await bench();
    const kept = make({ ago: 0, input: Buffer.alloc(1_000) });
    for (let n = 0; n < 300; n++) make({ ago: 2 * dayMs, input: Buffer.alloc(100_000, n) });
    await store.committed();
    const pages = async (): Promise<number> =>
      (await store.read<{ page_count: number }>("PRAGMA page_count"))[0]?.page_count ?? 0;
    const before = await pages();
    const { fileBytes } = await retention.prune();
    const after = await pages();
    expect(before).toBeGreaterThan(3_000);
    expect(after).toBeLessThan(before / 4);
    expect(fileBytes).toBe((before - after) * 8_192);
    expect(kept).toBeDefined();
  }, 30_000);
});

describe("under load", () => {
  it("50,000 tasks are removed while others commit hardly later than without", async () => {
    const { store, retention, make, ...made } = await bench();
    for (let n = 0; n < 50_000; n++) {
      make({ ago: 2 * dayMs });
      if (n % 2_000 === 0) await store.committed();
    }
    await store.committed();
    const commitMs = async (): Promise<number> => {
      const startedMs = performance.now();
      makeTask(store, Date.now(), { ago: null });
      await store.committed();
      return performance.now() - startedMs;
    };
    const measure = async (going: () => boolean): Promise<number[]> => {
      const times: number[] = [];
      while (going()) {
        times.push(await commitMs());
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return times.toSorted((a, b) => a - b);
    };
    const at = (sorted: number[], share: number): number =>
      sorted[Math.floor(sorted.length * share)] as number;
    let left = 400;
    const quiet = await measure(() => left-- > 0);
    let done = false;
    const pruned = retention.prune().finally(() => (done = true));
    const busy = await measure(() => !done);
    expect((await pruned).tasks.completed).toBe(50_000);
    expect(made.removed.length).toBe(50_000);
    expect(busy.length).toBeGreaterThan(200);
    // Generous: the machine is shared. A sweep in one statement holds everybody up for seconds.
    expect(at(busy, 0.5)).toBeLessThan(at(quiet, 0.5) * 10 + 10);
    expect(at(busy, 0.99)).toBeLessThan(at(quiet, 0.99) * 10 + 100);
  }, 120_000);
});
