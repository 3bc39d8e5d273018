/** When schedules run: no due time twice, none lost under `all`, whatever the wall clock does. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../../src/core/limits.ts";
import { calendarOf } from "../../../src/tasks/schedules/calendar.ts";
import { decide, firstDue, upcoming, type Plan } from "../../../src/tasks/schedules/due.ts";

const hourMs = 3_600_000;
const startAt = Date.parse("2026-03-01T00:00:00Z");

function plan(given: Partial<Plan>): Plan {
  const base: Plan = {
    cron: "",
    timezone: "UTC",
    intervalMs: given.cron === undefined ? 60_000 : 0,
    missed: "all",
    untilAt: null,
    maxRuns: 0,
    runs: 0,
    nextAt: null,
    ...given,
  };
  return { ...base, nextAt: base.nextAt ?? firstDue(base, startAt) };
}

/** Lets the wall clock take these values, one after the other, and gives the due times that were run at each. */
function live(first: Plan, walls: readonly number[]): { plan: Plan; runs: number[][]; skipped: number } {
  let now = first;
  let skipped = 0;
  const runs = walls.map((wall) => {
    const decision = decide(now, wall);
    skipped += decision.skipped;
    now = { ...now, nextAt: decision.nextAt, runs: now.runs + decision.runs.length };
    return decision.runs;
  });
  return { plan: now, runs, skipped };
}

const iso = (times: readonly number[]): string[] => times.map((at) => new Date(at).toISOString());

const crons = [
  "* * * * *",
  "*/7 * * * *",
  "0 * * * *",
  "30 2 * * *",
  "15 2,3 * * *",
  "0 0 * * SUN",
  "*/20 * * * * *",
];
const zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"];
const timing = fc.oneof(
  fc.record({ cron: fc.constantFrom(...crons), timezone: fc.constantFrom(...zones) }),
  fc.record({ intervalMs: fc.integer({ min: 1_000, max: 5 * hourMs }) }),
);

describe("decide", () => {
  it("runs every due time once while the clock goes on, under every policy", () => {
    fc.assert(
      fc.property(
        timing,
        fc.constantFrom("skip", "once", "all" as const),
        fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 1, maxLength: 200 }),
        (given, missed, steps) => {
          const first = plan({ ...given, missed });
          let wall = startAt;
          const walls = steps.map((step) => (wall += step));
          const { runs, skipped } = live(first, walls);
          expect(runs.flat()).toEqual(upcoming(first, startAt, wall, 10_000));
          expect(skipped).toBe(0);
        },
      ),
    );
  });

  it("under `all` loses none and repeats none over downtime and jumps of up to an hour, for expressions", () => {
    const step = fc.oneof(
      fc.integer({ min: 1_000, max: 600_000 }),
      fc.integer({ min: -hourMs, max: hourMs }),
      fc.constantFrom(hourMs, -hourMs),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...crons.slice(0, -1)),
        fc.constantFrom(...zones),
        // Around the changes of the clocks too.
        fc
          .constantFrom("2026-03-01", "2026-03-28", "2026-10-24", "2026-11-01", "2026-04-04")
          .map((day) => Date.parse(`${day}T20:00:00Z`)),
        fc.array(step, { minLength: 1, maxLength: 40 }),
        (cron, timezone, from, steps) => {
          const first = plan({ cron, timezone, nextAt: firstDue(plan({ cron, timezone }), from) });
          let wall = from;
          let latest = from;
          const walls = steps.map((by) => {
            // The clock is at most three hours behind where it was, which is the bound of what counts as a correction.
            wall = Math.max(wall + by, latest - 2 * hourMs);
            latest = Math.max(latest, wall);
            return wall;
          });
          const { runs } = live(first, walls);
          expect(runs.flat()).toEqual(upcoming(first, from, latest, 10_000));
        },
      ),
    );
  });

  it("never gives the same due time of an interval twice, and keeps at least the interval after a jump back", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 90 }).map((minutes) => minutes * 60_000),
        fc.array(fc.constantFrom(60_000, 300_000, hourMs, -hourMs, -3 * hourMs), { maxLength: 60 }),
        (intervalMs, steps) => {
          let wall = startAt;
          const { runs } = live(
            plan({ intervalMs }),
            steps.map((by) => (wall += by)),
          );
          const all = runs.flat();
          expect(new Set(all).size).toBe(all.length);
        },
      ),
    );
  });

  it("goes on with an interval after a jump back instead of waiting for the old time", () => {
    const first = plan({ intervalMs: 60_000 });
    const back = startAt - hourMs;
    const { plan: after } = live(first, [startAt + 60_000, back]);
    expect((after.nextAt as number) - back).toBeLessThanOrEqual(60_001);
    expect(live(after, [after.nextAt as number]).runs).toEqual([[after.nextAt]]);
  });

  it("takes a clock that goes back by more than three hours for a correction", () => {
    const year = 365 * 24 * hourMs;
    const first = plan({ cron: "0 * * * *", missed: "skip" });
    const { plan: ahead } = live(first, [startAt + year]);
    expect(ahead.nextAt).toBeGreaterThan(startAt + year);
    const { plan: back } = live(ahead, [startAt + 90 * 60_000]);
    expect(back.nextAt).toBe(startAt + 2 * hourMs);
    // An hour is none.
    const { plan: same } = live(back, [startAt + 2 * hourMs, startAt + hourMs]);
    expect(same.nextAt).toBe(startAt + 3 * hourMs);
  });

  it("after downtime: skip leaves out, once runs the newest, all runs each", () => {
    const wall = startAt + 10 * 60_000 + 30_000;
    const ask = (missed: Plan["missed"]) => decide(plan({ cron: "* * * * *", missed }), wall);
    expect(ask("skip")).toMatchObject({ runs: [], skipped: 10 });
    expect(ask("once")).toMatchObject({ runs: [startAt + 10 * 60_000], skipped: 9 });
    expect(ask("all").runs).toHaveLength(10);
    expect(ask("all")).toMatchObject({ skipped: 0, nextAt: startAt + 11 * 60_000 });
  });

  it("a run that is due now stands for the missed ones under `once`", () => {
    const decision = decide(plan({ cron: "* * * * *", missed: "once" }), startAt + 10 * 60_000);
    expect(decision).toMatchObject({ runs: [startAt + 10 * 60_000], skipped: 9 });
  });

  it("makes up for a bounded number, the newest, and says that there were more", () => {
    for (const given of [{ cron: "*/5 * * * * *" }, { intervalMs: 5_000 }]) {
      const wall = startAt + 30 * 24 * hourMs;
      const { runs, manyMore, skipped } = decide(plan(given), wall);
      expect(runs).toHaveLength(limits.scheduleCatchUp);
      expect(runs.at(-1)).toBe(wall);
      expect({ manyMore, skipped }).toEqual({ manyMore: true, skipped: 1 });
    }
  });

  it("ends after so many runs, and after its last day", () => {
    const five = live(plan({ maxRuns: 5 }), [startAt + 3 * 60_000, startAt + hourMs]);
    expect(five.runs.flat()).toHaveLength(5);
    expect(five.plan.nextAt).toBeNull();
    const untilAt = startAt + 150_000;
    const until = live(plan({ untilAt }), [startAt + hourMs, startAt + 2 * hourMs]);
    expect(until.runs.flat()).toEqual([startAt + 60_000, startAt + 120_000]);
    expect(until.plan.nextAt).toBeNull();
  });
});

describe("the changes of the clocks", () => {
  it("run a fixed time of day once each day", () => {
    for (const cron of ["30 2 * * *", "0 3 * * *", "30 1 * * *"]) {
      for (const day of ["2026-03-27", "2026-10-23"]) {
        const times = upcoming(
          plan({ cron, timezone: "Europe/Berlin" }),
          Date.parse(`${day}T12:00Z`),
          null,
          5,
        );
        const days = times.map((at) =>
          new Intl.DateTimeFormat("sv", { timeZone: "Europe/Berlin", dateStyle: "short" }).format(at),
        );
        expect(new Set(days).size).toBe(5);
      }
    }
    const spring = upcoming(
      plan({ cron: "30 2 * * *", timezone: "Europe/Berlin" }),
      Date.parse("2026-03-28T12:00Z"),
      null,
      2,
    );
    expect(iso(spring)).toEqual(["2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"]);
  });

  it("leave an hourly expression hourly", () => {
    for (const from of ["2026-03-28T20:30Z", "2026-10-24T20:30Z"]) {
      const times = upcoming(
        plan({ cron: "0 * * * *", timezone: "Europe/Berlin" }),
        Date.parse(from),
        null,
        10,
      );
      for (const [i, at] of times.slice(1).entries()) expect(at - (times[i] as number)).toBe(hourMs);
    }
  });
});

describe("a calendar", () => {
  it("looks back to what it looks forward to", () => {
    fc.assert(
      fc.property(timing, fc.integer({ min: 1, max: 60 }), (given, count) => {
        const one = plan(given);
        const forward = upcoming(one, startAt, null, count);
        const calendar = calendarOf(one, startAt);
        const last = forward.at(-1) as number;
        expect(calendar.newest(startAt + 1, last, 1_000)).toEqual(forward);
        expect(calendar.newest(startAt + 1, last + 999, count)).toEqual(forward);
        expect(calendar.before(last)).toBe(forward.at(-2) ?? calendar.before(forward[0] as number));
      }),
      { numRuns: 40 },
    );
  });

  it("refuses what is no expression, and a zone that is none", () => {
    for (const cron of ["", "nope", "61 * * * *", "* * * *", "2030-01-01T00:00:00", "0 0 * * * * * *"])
      expect(() => calendarOf({ cron: cron === "" ? " " : cron, timezone: "UTC", intervalMs: 0 }, 0)).toThrow(
        /not a cron expression/,
      );
    expect(() => calendarOf({ cron: "0 0 * * *", timezone: "Mars/Olympus", intervalMs: 0 }, 0)).toThrow(
      /not a time zone/,
    );
  });
});
