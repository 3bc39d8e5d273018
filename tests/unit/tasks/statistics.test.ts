/** Statistics: what is counted, in which window, and that they never differ from a count of the rows. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { newTaskId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { Store } from "../../../src/storage/store.ts";
import { createChanges } from "../../../src/tasks/changes.ts";
import { newRecord, type TaskRecord } from "../../../src/tasks/record.ts";
import { TERMINAL_STATES, type TerminalState } from "../../../src/tasks/states.ts";
import {
  createStatistics,
  type Statistics,
  type StatsView,
} from "../../../src/tasks/statistics/statistics.ts";
import { fillSpec } from "../../../src/tasks/submission.ts";
import { createTaskTable, type TaskTable } from "../../../src/tasks/table.ts";
import { manualClock, type ManualClock } from "../../support/manual-clock.ts";
import { newSigner } from "../../support/memory-mesh.ts";
import { temporaryStore } from "../storage/temporary-store.ts";

const minuteMs = 60_000;
const peers = [newSigner().peer, newSigner().peer, ""] as const;

interface Bench {
  store: Store;
  clock: ManualClock;
  table: TaskTable;
  statistics: Statistics;
  add(skill?: string, priority?: number): TaskRecord;
  end(record: TaskRecord, state: TerminalState, ran?: { peer: string; wallMs: number }): void;
}

function bench(store: Store, clock = manualClock()): Bench {
  const table = createTaskTable({ store, changes: createChanges(), clock, self: "self", log: silentLog });
  return {
    store,
    clock,
    table,
    statistics: newStatistics(store, table, clock),
    add(skill = "echo", priority = 96) {
      const spec = fillSpec({ skill, priority, input: jsonBody(1) });
      const record = newRecord(newTaskId(), spec, jsonBody(1), clock.now());
      table.add(record);
      table.move(record, "queued", "");
      return record;
    },
    end(record, state, ran) {
      if (ran !== undefined) {
        table.move(record, "assigned", "");
        record.attemptsMade = 1;
        record.peer = ran.peer;
        record.usage = { wallMs: ran.wallMs, cpuMs: 0, peakMemoryBytes: 0 };
      }
      if (state === "completed") {
        record.output = jsonBody(2);
        record.cached = ran === undefined;
      }
      table.move(record, state, "");
    },
  };
}

function newStatistics(store: Store, table: TaskTable, clock: ManualClock): Statistics {
  return createStatistics({
    store,
    table,
    clock,
    log: silentLog,
    onlinePeers: () => 3,
    worker: () => ({ served: 1, refused: 2, duplicates: 3 }),
  });
}

const opened = async (): Promise<Bench> => bench((await temporaryStore()).store);

describe("what is counted", () => {
  it("ends by state, rates without cancels, and durations of what completed", async () => {
    const { statistics, clock, add, end } = await opened();
    for (let n = 1; n <= 100; n++) {
      const record = add();
      clock.advance(n);
      end(record, "completed", { peer: peers[0], wallMs: n / 2 });
    }
    end(add(), "failed", { peer: peers[1], wallMs: 9_999 });
    end(add(), "timeout");
    end(add("sleep"), "cancelled");
    end(add(), "completed");
    const { tasks, skills, peers: byPeer } = statistics.read();
    expect(tasks).toMatchObject({
      submitted: 104,
      completed: 101,
      failed: 1,
      timeout: 1,
      cancelled: 1,
      cached: 1,
    });
    expect(tasks.successRate).toBeCloseTo(101 / 103);
    expect(tasks.failureRate).toBeCloseTo(2 / 103);
    expect(tasks.execution).toMatchObject({ count: 100, minMs: 0.5, maxMs: 50, averageMs: 25.25 });
    expect(tasks.execution?.p50Ms).toBeCloseTo(25, 0);
    expect(tasks.execution?.p95Ms).toBeCloseTo(47.5, 0);
    expect(tasks.execution?.p99Ms).toBeCloseTo(49.5, 0);
    expect(tasks.total).toMatchObject({ count: 101, minMs: 0, maxMs: 100, averageMs: 50 });
    expect(skills.map(({ skill, submitted }) => [skill, submitted])).toEqual([
      ["echo", 103],
      ["sleep", 1],
    ]);
    expect(byPeer.map(({ peer, submitted, failed }) => [peer, submitted, failed])).toEqual([
      [peers[0], 100, 0],
      [peers[1], 1, 1],
    ]);
  });

  it("a run is never longer than the whole, whatever the worker says", async () => {
    const { statistics, clock, add, end } = await opened();
    const record = add();
    clock.advance(40);
    end(record, "completed", { peer: peers[0], wallMs: 1e12 });
    const other = add();
    clock.advance(40);
    end(other, "completed", { peer: peers[0], wallMs: -5 });
    expect(statistics.read().tasks.execution).toMatchObject({ minMs: 0, maxMs: 40 });
  });

  it("live tasks by state and band, and what the node is told from outside", async () => {
    const { statistics, table, add } = await opened();
    add("echo", 10);
    add("echo", 255);
    table.move(add("sleep", 96), "assigned", "");
    const stats = statistics.read();
    expect(stats.tasks).toMatchObject({ submitted: 3, completed: 0, successRate: null, execution: null });
    expect(stats.live).toEqual({
      byState: { queued: 2, assigned: 1 },
      byBand: { low: { queued: 1 }, normal: { assigned: 1 }, high: {}, critical: { queued: 1 } },
    });
    expect(stats).toMatchObject({ onlinePeers: 3, worker: { served: 1, refused: 2, duplicates: 3 } });
  });

  it("one skill or one peer when asked for, but not both", async () => {
    const { statistics, add, end } = await opened();
    end(add("a"), "completed", { peer: peers[0], wallMs: 1 });
    end(add("b"), "failed", { peer: peers[0], wallMs: 1 });
    expect(statistics.read({ skill: "a" })).toMatchObject({
      skills: [{ skill: "a", completed: 1 }],
      peers: [],
    });
    expect(statistics.read({ peer: peers[0] })).toMatchObject({
      skills: [],
      peers: [{ completed: 1, failed: 1 }],
    });
    expect(statistics.read({ skill: "unknown" }).skills).toMatchObject([{ skill: "unknown", submitted: 0 }]);
    expect(() => statistics.read({ skill: "a", peer: peers[0] })).toThrow(/not by both/);
  });

  it("no more skills than are bounded, those with the last ends", async () => {
    const { statistics, add, end } = await opened();
    for (let n = 0; n < 200; n++) end(add(`skill.n${n}`), "completed");
    const { skills, tasks } = statistics.read();
    expect(tasks.submitted).toBe(200);
    expect(skills.length).toBe(48);
    expect(skills.map(({ skill }) => skill)).toContain("skill.n199");
  });
});

describe("windows", () => {
  it("hold what ended in them, and what was submitted in them", async () => {
    const { statistics, clock, add, end } = await opened();
    const long = add();
    end(add(), "completed", { peer: peers[0], wallMs: 5 });
    clock.advance(90 * minuteMs);
    end(long, "completed", { peer: peers[0], wallMs: 5 });
    const open = add();
    const counts = (window: StatsView["window"]): number[] => {
      const { tasks } = statistics.read({ window });
      return [tasks.submitted, tasks.completed, tasks.execution?.count ?? 0];
    };
    expect(counts("hour")).toEqual([1, 1, 1]);
    expect(counts("day")).toEqual([3, 2, 2]);
    clock.advance(61 * minuteMs);
    expect(counts("hour")).toEqual([0, 0, 0]);
    clock.advance(24 * 60 * minuteMs);
    expect(counts("day")).toEqual([0, 0, 0]);
    expect(counts("all")).toEqual([3, 2, 2]);
    expect(open.state).toBe("queued");
  });
});

describe("counting anew", () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant("add" as const), skill: fc.constantFrom("a", "b", "c") }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("end" as const),
        which: fc.nat(50),
        state: fc.constantFrom(...TERMINAL_STATES),
        peer: fc.constantFrom(...peers),
        wallMs: fc.double({ min: 0, max: 1e5, noNaN: true }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("pass" as const),
        ms: fc.integer({ min: 0, max: 3 * 60 * minuteMs }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("turn" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("rebuild" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), which: fc.nat(50) }) },
  );

  it("from the rows gives what was counted on the way, through restarts, removals and ends in the middle of it", async () => {
    const { store } = await temporaryStore();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        for (const table of ["tasks", "task_inputs", "history", "attempts"])
          store.write(`DELETE FROM ${table}`, []);
        await store.committed();
        const { clock, table, statistics, add, end } = bench(store);
        const ended: TaskRecord[] = [];
        const rebuilds: Promise<void>[] = [];
        for (const one of steps) {
          const live = [...table.live.values()];
          if (one.do === "add") add(one.skill);
          else if (one.do === "pass") clock.advance(one.ms);
          else if (one.do === "turn") await new Promise((resolve) => setImmediate(resolve));
          else if (one.do === "rebuild") rebuilds.push(statistics.rebuild());
          else if (one.do === "end" && live.length > 0) {
            const record = live[one.which % live.length] as TaskRecord;
            // As the table of states has it: only what nobody has taken is rejected.
            if (one.state === "rejected") table.move(record, "assigned", "");
            end(record, one.state, one.peer === "" || one.state === "rejected" ? undefined : one);
            ended.push(record);
          } else if (one.do === "delete" && ended.length > 0) {
            const { id } = ended.splice(one.which % ended.length, 1)[0] as TaskRecord;
            await table.committed();
            store.write("DELETE FROM tasks WHERE id = ?", [Buffer.from(id.replaceAll("-", ""), "hex")]);
            await store.committed();
            rebuilds.push(statistics.rebuild());
          }
        }
        await Promise.all(rebuilds);
        await table.committed();
        const fresh = newStatistics(store, table, clock);
        await fresh.rebuild();
        for (const window of ["hour", "day", "all"] as const) {
          const [kept, counted] = [statistics.read({ window }), fresh.read({ window })].map(comparable);
          expect(kept).toEqual(counted);
        }
        const { tasks } = fresh.read();
        const [row] = await store.read<{ n: number }>("SELECT count(*) AS n FROM tasks");
        expect(tasks.submitted).toBe(row?.n);
        statistics.stop();
        fresh.stop();
      }),
      { numRuns: 60 },
    );
  });

  it("of many rows leaves the event loop free", async () => {
    const { store, table, clock, add, end } = await opened();
    for (let n = 0; n < 6_000; n++) end(add(), "completed", { peer: peers[0], wallMs: 3 });
    await table.committed();
    const fresh = newStatistics(store, table, clock);
    expect(fresh.read().complete).toBe(false);
    let turns = 0;
    let done = false;
    const rebuilt = fresh.rebuild().then(() => (done = true));
    while (!done) {
      turns++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await rebuilt;
    // A page at a time: at least one turn for each of the twelve.
    expect(turns).toBeGreaterThan(12);
    expect(fresh.read()).toMatchObject({ complete: true, tasks: { completed: 6_000 } });
  });
});

/** Without what two counts may differ in: the order of equals and the last digits of sums. */
function comparable(view: StatsView): unknown {
  const sorted = (list: object[]): object[] =>
    list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  const { complete: _complete, ...rest } = view;
  const text = JSON.stringify(
    { ...rest, skills: sorted(view.skills), peers: sorted(view.peers) },
    (key, value: unknown) =>
      key === "averageMs" && typeof value === "number" ? Number(value.toPrecision(9)) : value,
  );
  return JSON.parse(text);
}
