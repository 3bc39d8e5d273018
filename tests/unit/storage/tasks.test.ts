import { expect, test } from "vitest";
import { newTaskId, type TaskId } from "../../../src/core/ids.ts";
import type { Store } from "../../../src/storage/store.ts";
import {
  countTasksByState,
  findTaskIds,
  listTasks,
  type TaskListFilter,
} from "../../../src/storage/task-listing.ts";
import {
  finishTask,
  getTask,
  insertTask,
  unfinishedTasks,
  updateTaskState,
  type NewTask,
  type TaskStateUpdate,
} from "../../../src/storage/tasks.ts";
import { end, newTask } from "./task-rows.ts";
import { temporaryStore } from "./temporary-store.ts";

function change(id: TaskId, changed: Partial<TaskStateUpdate>): TaskStateUpdate {
  return {
    id,
    state: "running",
    reason: "",
    attempt: 1,
    attemptsMade: 1,
    retriesMade: 0,
    lossesMade: 0,
    sentEpoch: 1,
    startedAt: 1_500,
    peer: "peer-a",
    updatedAt: 2_000,
    ...changed,
  };
}

/** Inserts one task for each change, oldest first, and returns their ids. */
async function insert(store: Store, changes: Partial<NewTask>[]): Promise<TaskId[]> {
  const tasks = changes.map((change) => newTask(change));
  for (const task of tasks) insertTask(store, task);
  await store.committed();
  return tasks.map((task) => task.id);
}

test.each([7, 1024, 1025, 200_000])(
  "a task with %i bytes of input comes back as it went in",
  async (inputSize) => {
    const { store } = await temporaryStore();
    const task = newTask({ input: new Uint8Array(inputSize).fill(5), inputSize });
    insertTask(store, task);
    await store.committed();
    const row = await getTask(store, task.id);
    const { trail: _, ...columns } = task;
    expect(row).toMatchObject({ ...columns, finishedAt: null, output: null, outputSize: 0, error: null });
    expect(await getTask(store, newTaskId())).toBeUndefined();
  },
);

test("state changes and the end are kept, and the end is final", async () => {
  const { store } = await temporaryStore();
  const [id] = (await insert(store, [{ input: new Uint8Array(5_000) }])) as [TaskId];
  const retrying = change(id, {
    state: "retrying",
    reason: "error",
    retriesMade: 1,
    lossesMade: 2,
    attemptsMade: 3,
    attempt: 4,
    sentEpoch: 5,
    startedAt: 6,
  });
  updateTaskState(store, { ...retrying, notBefore: 2_500.7 }, "");
  await store.committed();
  expect(await getTask(store, id)).toMatchObject({ ...retrying, notBefore: 2_501 });
  const running = change(id, { attempt: 5, peer: "peer-b", updatedAt: 2_600 });
  updateTaskState(store, running, "");
  await store.committed();
  expect(await getTask(store, id)).toMatchObject({ ...running, notBefore: null });

  finishTask(store, end(id));
  finishTask(store, end(id, { state: "failed", output: null }));
  updateTaskState(store, change(id, { attempt: 6, updatedAt: 4_000 }), "");
  await store.committed();
  const row = await getTask(store, id);
  const { finishedAt, trail: _, lastAttempts: __, ...rest } = end(id);
  expect(row).toMatchObject({ ...rest, finishedAt, updatedAt: finishedAt, notBefore: null });
  expect(row?.input?.length).toBe(5_000);
});

test("recovery meets every open task once, oldest first, with its input, over pages", async () => {
  const { store } = await temporaryStore();
  const ids = await insert(
    store,
    Array.from({ length: 200 }, (_, i) => ({
      input: new Uint8Array(i % 2 === 0 ? 10 : 3_000),
      priority: i % 256,
    })),
  );
  for (const id of ids.slice(0, 50)) finishTask(store, end(id));
  await store.committed();
  const met: TaskId[] = [];
  for await (const task of unfinishedTasks(store)) {
    expect(task.input?.length).toBe(task.priority % 2 === 0 ? 10 : 3_000);
    met.push(task.id);
  }
  expect(met).toEqual(ids.slice(50));
});

test("listings are newest first, filtered and paged, without inputs and large outputs", async () => {
  const { store } = await temporaryStore();
  const ids = await insert(store, [
    { skill: "echo", spec: JSON.stringify({ labels: { 'a"b.c': "1" } }) },
    { skill: "sleep", state: "running", peer: "peer-b" },
    { skill: "echo", spec: JSON.stringify({ labels: { 'a"b.c': "2" } }) },
    { skill: "echo" },
    { skill: "sleep" },
  ]);
  finishTask(store, end(ids[2] as TaskId, { output: new Uint8Array(20_000), outputSize: 20_000 }));
  finishTask(store, end(ids[3] as TaskId));
  finishTask(store, end(ids[4] as TaskId, { state: "failed" }));
  await store.committed();
  const list = async (filter: Partial<TaskListFilter>): Promise<number[]> =>
    (await listTasks(store, { limit: 50, ...filter })).map((task) => ids.indexOf(task.id));

  expect(await list({})).toEqual([4, 3, 2, 1, 0]);
  expect(await list({ limit: 2 })).toEqual([4, 3]);
  expect(await list({ limit: 2, before: ids[3] })).toEqual([2, 1]);
  expect(await list({ states: ["completed"] })).toEqual([3, 2]);
  expect(await list({ states: ["completed", "running", "failed", "running"] })).toEqual([4, 3, 2, 1]);
  expect(await list({ states: ["completed", "running", "failed"], limit: 2, before: ids[4] })).toEqual([
    3, 2,
  ]);
  expect(await list({ states: ["cancelled"] })).toEqual([]);
  expect(await list({ skill: "sleep" })).toEqual([4, 1]);
  expect(await list({ skill: "sleep", states: ["running"] })).toEqual([1]);
  expect(await list({ peer: "peer-b" })).toEqual([1]);
  expect(await list({ label: ['a"b.c', "2"] })).toEqual([2]);
  expect(await list({ label: ["nowhere", "2"] })).toEqual([]);

  const rows = await listTasks(store, { limit: 50 });
  expect(rows.map((row) => row.output?.length ?? null)).toEqual([7, 7, null, null, null]);
  expect(rows.every((row) => row.input === null && row.evidence === null)).toBe(true);
  expect(rows[2]?.outputSize).toBe(20_000);
});

test("a state is counted from the rows", async () => {
  const { store } = await temporaryStore();
  expect(await countTasksByState(store)).toEqual({});
  const ids = await insert(store, [{}, {}, { state: "running" }, {}]);
  finishTask(store, end(ids[3] as TaskId));
  await store.committed();
  expect(await countTasksByState(store)).toEqual({ queued: 2, running: 1, completed: 1 });
});

test("shortened ids match at the beginning and at the end", async () => {
  const { store } = await temporaryStore();
  const [a, b, c] = [
    "01900000-0000-7000-8000-00000000aaaa",
    "01900000-0000-7000-8000-00000000bbbb",
    "01911111-0000-7000-8000-0000000caaaa",
  ] as const;
  await insert(store, [{ id: a }, { id: b }, { id: c }]);
  const found = async (text: string, limit?: number): Promise<TaskId[]> =>
    (await findTaskIds(store, text, limit)).toSorted();
  expect(await found("0190")).toEqual([a, b]);
  expect(await found("01900000-0000-7")).toEqual([a, b]);
  expect(await found("01911")).toEqual([c]);
  expect(await found("0000-7000-8000-0000")).toEqual([]);
  expect(await found("BBBB")).toEqual([b]);
  expect(await found("00-AAAA")).toEqual([a]);
  expect(await found("aaaa")).toEqual([a, c]);
  expect(await found("caaaa")).toEqual([c]);
  expect(await found("0", 2)).toHaveLength(2);
  expect(await found(a)).toEqual([a]);
  for (const text of ["", "-", "xyz", "%", `${a}0`, "' OR 1=1 --"]) expect(await found(text)).toEqual([]);
});

test("recovery, counts and listings by state go through their indexes", async () => {
  const { store } = await temporaryStore();
  const plan = async (sql: string): Promise<string> => {
    const rows = await store.read(`EXPLAIN QUERY PLAN ${sql}`);
    return rows.map((row) => String(row["detail"])).join("; ");
  };
  expect(
    await plan("SELECT * FROM tasks WHERE finished_at IS NULL AND id > x'00' ORDER BY id LIMIT 9"),
  ).toMatch(/^SEARCH tasks USING INDEX tasks_open \(id>\?\)$/);
  expect(
    await plan("SELECT id FROM tasks WHERE finished_at IS NOT NULL AND state = 'x' ORDER BY id DESC"),
  ).toMatch(/^SEARCH tasks USING COVERING INDEX tasks_ended \(state=\?\)$/);
  expect(
    await plan("SELECT state, count(*) FROM tasks WHERE finished_at IS NOT NULL GROUP BY state"),
  ).toMatch(/^SCAN tasks USING COVERING INDEX tasks_ended$/);
  expect(await plan("SELECT state, count(*) FROM tasks WHERE finished_at IS NULL GROUP BY state")).toMatch(
    /^SCAN tasks USING INDEX tasks_open/,
  );
});
