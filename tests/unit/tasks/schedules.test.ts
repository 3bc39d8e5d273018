/** Schedules on a store that can crash between any two commits: every due time is one task, and no other. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { ErrandError } from "../../../src/core/errors.ts";
import { newTaskId, type TaskId } from "../../../src/core/ids.ts";
import { limits } from "../../../src/core/limits.ts";
import { silentLog } from "../../../src/core/log.ts";
import { migrate } from "../../../src/storage/migrations.ts";
import type { SqlValue, Store } from "../../../src/storage/store.ts";
import { createChanges } from "../../../src/tasks/changes.ts";
import { newRecord, viewOf, type TaskRecord } from "../../../src/tasks/record.ts";
import type { ScheduleRequest } from "../../../src/tasks/schedules/schedule.ts";
import { createSchedules } from "../../../src/tasks/schedules/schedules.ts";
import { fillSpec } from "../../../src/tasks/submission.ts";
import { createTaskTable } from "../../../src/tasks/table.ts";
import type { Submission, TaskView } from "../../../src/tasks/task.ts";
import { manualClock, type ManualClock } from "../../support/manual-clock.ts";
import { settled } from "../../support/memory-mesh.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const beginAt = Date.parse("2026-03-01T12:00:30Z");

type Statement = [string, readonly SqlValue[]];

/** What is on the disk after these commits. */
function disk(commits: readonly Statement[][]): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  onTestFinished(() => db.close());
  migrate(db);
  for (const [sql, params] of commits.flat()) db.prepare(sql).run(...(params as SQLInputValue[]));
  return db;
}

/** Groups writes into commits as the writer does: at the end of the turn of the first. */
function groupingStore(before: readonly Statement[][]): Store & { commits: Statement[][] } {
  const commits: Statement[][] = [...before];
  const db = disk(before);
  let group: Statement[] = [];
  const flush = (): void => {
    const full = group;
    group = [];
    commits.push(full);
    for (const [sql, params] of full) db.prepare(sql).run(...(params as SQLInputValue[]));
  };
  return {
    commits,
    failed: undefined,
    write(sql, params) {
      if (group.length === 0) setImmediate(flush);
      group.push([sql, params]);
    },
    committed: async () => {
      while (group.length > 0) await new Promise((resolve) => setImmediate(resolve));
    },
    read: async (sql, params = []) => db.prepare(sql).all(...(params as SQLInputValue[])) as never,
    close: async () => {},
  };
}

/** A node's schedules on what `before` left, with a home that only adds tasks. */
async function life(before: readonly Statement[][] = [], wallAt = beginAt) {
  const clock: ManualClock = manualClock(wallAt);
  const store = groupingStore(before);
  const table = createTaskTable({ store, changes: createChanges(), clock, self: "me", log: silentLog });
  const made: TaskRecord[] = [];
  let refusal: Error | undefined;

  async function submit(submission: Submission): Promise<TaskView> {
    if (refusal !== undefined) throw refusal;
    const spec = fillSpec(submission);
    const key = spec.idempotencyKey as string;
    const [known] = await store.read("SELECT task_id FROM idempotency WHERE key = ?", [key]);
    if (known !== undefined) throw new ErrandError("Conflict", "used", { details: { id: newTaskId() } });
    // Something else is on its way to the disk already, as it mostly is.
    store.write("DELETE FROM cards WHERE expires_at < 0", []);
    const record = newRecord(newTaskId(), spec, submission.input, clock.now());
    store.write("INSERT INTO idempotency (key, task_id, created_at) VALUES (?, ?, ?)", [
      key,
      Buffer.from(record.id.replaceAll("-", ""), "hex"),
      clock.now(),
    ]);
    table.add(record);
    table.move(record, "queued", "");
    made.push(record);
    await table.committed();
    return viewOf(record, "me", clock.now());
  }

  const schedules = createSchedules({
    store,
    table,
    submit,
    blobs: { putBytes: async (bytes) => ({ hash: "ab".repeat(32), sizeBytes: bytes.length }) },
    clock,
    log: silentLog,
  });
  await schedules.load();
  const stop = schedules.start();
  onTestFinished(stop);
  await settled();
  return {
    clock,
    store,
    table,
    made,
    schedules: schedules.api,
    counters: schedules.counters,
    refuse: (error: Error | undefined) => (refusal = error),
    end: (record: TaskRecord) => {
      table.move(record, "assigned", "");
      table.move(record, "completed", "");
    },
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= 10_000) {
        clock.advance(Math.min(left, 10_000));
        await settled();
      }
    },
  };
}

type Life = Awaited<ReturnType<typeof life>>;

const everyMinute: ScheduleRequest = {
  submission: { skill: "echo", input: jsonBody({ n: 1 }), labels: { team: "a" } },
  cron: "* * * * *",
  missed: "all",
};

const keys = (tasks: readonly { spec: { idempotencyKey?: string } }[]): string[] =>
  tasks.map(({ spec }) => spec.idempotencyKey?.split(":").at(-1) ?? "");
const dueOf = (count: number, from = beginAt): string[] =>
  Array.from({ length: count }, (_, i) => String(Math.ceil(from / minuteMs) * minuteMs + i * minuteMs));

/** The due times of the tasks that are on the disk. */
function storedRuns(db: DatabaseSync): string[] {
  const rows = db.prepare("SELECT spec FROM tasks ORDER BY id").all() as { spec: string }[];
  return keys(rows.map(({ spec }) => ({ spec: JSON.parse(spec) as { idempotencyKey: string } })));
}

describe("a schedule", () => {
  it("submits at each due time, labelled, and knows its last task", async () => {
    const t = await life();
    const { id } = await t.schedules.add({ ...everyMinute, name: "ticks" });
    await t.pass(3 * minuteMs);
    expect(keys(t.made)).toEqual(dueOf(3));
    expect(t.made[0]?.spec.labels).toEqual({ team: "a", schedule: id });
    expect(t.schedules.get("ticks")).toMatchObject({
      id,
      runs: 3,
      lastTask: t.made.at(-1)?.id,
      lastAt: "2026-03-01T12:03:00.000Z",
      nextAt: "2026-03-01T12:04:00.000Z",
      state: "active",
    });
  });

  it("has every due time as one task, wherever between two commits it crashes", async () => {
    const t = await life();
    const { id } = await t.schedules.add(everyMinute);
    await t.pass(3 * minuteMs);
    const { commits } = t.store;
    expect(commits.length).toBeGreaterThan(3);
    for (let kept = 1; kept <= commits.length; kept++) {
      const before = commits.slice(0, kept);
      const left = disk(before);
      const runs = storedRuns(left);
      expect(left.prepare("SELECT runs FROM schedules").get()).toEqual({ runs: runs.length });
      const next = await life(before, beginAt + 5 * minuteMs);
      await settled();
      expect([...runs, ...keys(next.made)]).toEqual(dueOf(5));
      expect(next.schedules.get(id)).toMatchObject({ runs: 5, skipped: 0 });
    }
  });

  it("takes a run whose task is there but whose standing is lost for made", async () => {
    const t = await life();
    const { id } = await t.schedules.add(everyMinute);
    await t.pass(minuteMs);
    // The standing alone goes missing, which one commit for both does not allow.
    const commits = t.store.commits.map((group) =>
      group.filter(([sql]) => !sql.startsWith("UPDATE schedules")),
    );
    const next = await life(commits, beginAt + minuteMs);
    expect(next.made).toEqual([]);
    expect(next.schedules.get(id)).toMatchObject({ runs: 1, nextAt: "2026-03-01T12:02:00.000Z" });
  });

  it.each([
    ["skip", 0, 10],
    ["once", 1, 9],
    ["all", 10, 0],
  ] as const)("after ten missed runs, %s: %i made up for, %i left out", async (missed, made, skipped) => {
    const t = await life();
    const { id } = await t.schedules.add({ ...everyMinute, missed });
    await t.store.committed();
    const next = await life(t.store.commits, beginAt + 10 * minuteMs);
    expect(next.made).toHaveLength(made);
    expect(next.schedules.get(id)).toMatchObject({ runs: made, skipped });
    expect(next.schedules.get(id).note).toBe(
      skipped === 0 ? "" : `${skipped} missed due times were left out`,
    );
  });

  it("says so when there is more to make up for than is allowed", async () => {
    const t = await life();
    const { id } = await t.schedules.add(everyMinute);
    await t.store.committed();
    const next = await life(t.store.commits, beginAt + 24 * hourMs);
    for (let i = 0; i < 60; i++) await settled();
    expect(next.made).toHaveLength(limits.scheduleCatchUp);
    expect(next.schedules.get(id).note).toBe(
      "of the missed due times the newest 100 were run, those before were left out",
    );
  });

  it("fires nothing twice when the wall clock is set by an hour, back or forth", async () => {
    const t = await life();
    await t.schedules.add({ ...everyMinute, cron: "*/10 * * * *" });
    await t.pass(30 * minuteMs);
    t.clock.setWall(t.clock.now() - hourMs);
    await t.pass(2 * hourMs);
    t.clock.setWall(t.clock.now() + hourMs);
    await t.pass(minuteMs);
    const all = keys(t.made).map(Number);
    expect(new Set(all).size).toBe(all.length);
    // From 12:10 to 14:30, the hour of the jump included, ten minutes apart.
    const first = Date.parse("2026-03-01T12:10:00Z");
    expect(all).toEqual(Array.from({ length: all.length }, (_, i) => first + i * 10 * minuteMs));
    expect(t.clock.now() - (all.at(-1) as number)).toBeLessThan(10 * minuteMs);
  });

  it("leaves a due time out while the last run goes on, if it may not overlap", async () => {
    const t = await life();
    const { id } = await t.schedules.add({ ...everyMinute, overlap: "skip" });
    await t.pass(2 * minuteMs);
    expect(t.made).toHaveLength(1);
    expect(t.schedules.get(id)).toMatchObject({ runs: 1, skipped: 1 });
    await expect(t.schedules.trigger(id)).rejects.toMatchObject({ code: "Conflict" });
    t.end(t.made[0] as TaskRecord);
    await t.pass(minuteMs);
    expect(t.made).toHaveLength(2);
  });

  it("keeps a run due while the queue is full, and leaves out one that is refused for good", async () => {
    const t = await life();
    const { id } = await t.schedules.add(everyMinute);
    t.refuse(new ErrandError("QueueFull", "the queue is full", { retryAfterMs: 2_000 }));
    await t.pass(minuteMs);
    expect(t.schedules.get(id)).toMatchObject({ runs: 0, note: "waits: the queue is full" });
    t.refuse(undefined);
    await t.pass(10_000);
    expect(keys(t.made)).toEqual(dueOf(1));
    t.refuse(new ErrandError("InvalidInput", "not today"));
    await t.pass(minuteMs);
    t.refuse(undefined);
    expect(t.schedules.get(id)).toMatchObject({
      runs: 1,
      skipped: 1,
      note: "2026-03-01T12:02:00.000Z was left out: not today",
    });
    await t.pass(minuteMs);
    expect(keys(t.made)).toEqual([dueOf(1)[0], dueOf(3)[2]]);
  });

  it("stops when disabled, goes on from now when enabled, ends after its runs, and is gone when removed", async () => {
    const t = await life();
    const { id } = await t.schedules.add({ ...everyMinute, maxRuns: 2 });
    await t.pass(minuteMs);
    expect(await t.schedules.disable(id)).toMatchObject({ state: "disabled", nextAt: null });
    await t.pass(10 * minuteMs);
    expect(t.made).toHaveLength(1);
    expect(await t.schedules.enable(id)).toMatchObject({ nextAt: "2026-03-01T12:12:00.000Z" });
    await t.pass(5 * minuteMs);
    expect(t.schedules.get(id)).toMatchObject({ state: "ended", runs: 2, nextAt: null });
    const extra: TaskView = await t.schedules.trigger(id);
    expect(t.schedules.get(id)).toMatchObject({ runs: 2, lastTask: extra.id });
    await t.schedules.remove(id.slice(-8));
    expect(t.schedules.list()).toEqual([]);
    expect(disk(t.store.commits).prepare("SELECT count(*) AS n FROM schedules").get()).toEqual({ n: 0 });
    expect(() => t.schedules.get(id)).toThrow(/no schedule/);
  });

  it("keeps a large input as a blob", async () => {
    const t = await life();
    const input = jsonBody("x".repeat(limits.scheduleInputBytes));
    const view = await t.schedules.add({ ...everyMinute, submission: { skill: "echo", input } });
    expect(view.input).toMatchObject({ hash: "ab".repeat(32), sizeBytes: limits.scheduleInputBytes + 2 });
    await t.pass(minuteMs);
    expect(t.made[0]?.input.blob?.hash).toBe("ab".repeat(32));
  });

  it("tells the next times of itself and of an expression", async () => {
    const t = await life();
    const { id } = await t.schedules.add(everyMinute);
    expect(t.schedules.next(id, 2)).toEqual(["2026-03-01T12:01:00.000Z", "2026-03-01T12:02:00.000Z"]);
    expect(t.schedules.next({ cron: "0 9 * * MON", timezone: "Europe/Berlin" }, 1)).toEqual([
      "2026-03-02T08:00:00.000Z",
    ]);
  });
});

describe("a schedule is refused", () => {
  const bad: [string, Partial<ScheduleRequest>, RegExp][] = [
    ["with neither expression nor interval", { cron: undefined }, /either cron or everyMs/],
    ["with both", { everyMs: 5_000 }, /either cron or everyMs/],
    ["with an interval below the least", { cron: undefined, everyMs: 10 }, /everyMs must be/],
    ["when it would never run", { cron: "0 0 30 2 *" }, /never run/],
    ["when it has ended", { until: 0 }, /never run/],
    ["with a key of one task", { submission: { ...everyMinute.submission, notBefore: 1 } }, /notBefore/],
    ["with a task that is invalid", { submission: { ...everyMinute.submission, skill: "No" } }, /skill id/],
  ];
  it.each(bad)("%s", async (_what, given, message) => {
    const t = await life();
    const request = { ...everyMinute, ...given };
    if (given.cron === undefined && "cron" in given) delete request.cron;
    await expect(t.schedules.add(request)).rejects.toThrow(message);
  });

  it("when its name is taken, or a name is ambiguous or unknown", async () => {
    const t: Life = await life();
    const ids: TaskId[] = [];
    for (const name of ["a", "b"]) ids.push((await t.schedules.add({ ...everyMinute, name })).id);
    await expect(t.schedules.add({ ...everyMinute, name: "a" })).rejects.toMatchObject({ code: "Conflict" });
    expect(() => t.schedules.get((ids[0] as string).slice(0, 8))).toThrow(/2 schedules/);
    expect(() => t.schedules.get("c")).toThrow(/no schedule/);
  });
});
