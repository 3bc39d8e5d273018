/** Retention and cache as the operator writes them. */
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/node/config.ts";
import { checkConfig } from "../../../src/node/config-file.ts";
import { cacheSettings, retentionPolicy } from "../../../src/node/keeping.ts";
import { parseDuration } from "../../../src/core/clock.ts";

const hourMs = 3_600_000;

describe("durations", () => {
  test.each([
    ["1ms", 1],
    ["90s", 90_000],
    ["15m", 900_000],
    ["24h", 24 * hourMs],
    ["7d", 168 * hourMs],
    ["0s", 0],
    ["", undefined],
    ["7", undefined],
    ["-1h", undefined],
    ["1.5h", undefined],
    ["1h30m", undefined],
    ["9999999999d", undefined],
  ])("%s is %s ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});

describe("retention", () => {
  test("a day for what went well or was cancelled, a week for what went wrong", async () => {
    const day = 24 * hourMs;
    const week = 7 * day;
    const { retention } = await resolveConfig({ env: { ERRAND_DATA: "/nowhere" } });
    expect(retention).toEqual({
      completed: day,
      cancelled: day,
      failed: week,
      timeout: week,
      rejected: week,
      skills: {},
    });
  });

  test("overall and by skill, the rest as it was", () => {
    const policy = retentionPolicy({
      completed: "2h",
      skills: { "text.stats": { completed: "10m" }, audit: { failed: "365d" } },
    });
    expect(policy).toMatchObject({ completed: 2 * hourMs, cancelled: 24 * hourMs });
    expect(policy.skills).toEqual({
      "text.stats": { completed: 600_000 },
      audit: { failed: 365 * 24 * hourMs },
    });
  });

  test.each([
    [{ retention: { completed: "soon" } }, /retention\.completed must be a duration such as/],
    [{ retention: { done: "1h" } }, /done is not a key/],
    [{ retention: { skills: { echo: { finished: "1h" } } } }, /finished is not a key/],
    [{ cache: { entries: -1 } }, /cache\.entries must be >= 0/],
  ])("%j is refused", (value, message) => {
    expect(() => checkConfig(value, "test")).toThrow(message);
  });
});

describe("cache", () => {
  test("defaults, and what the operator says", () => {
    expect(cacheSettings()).toEqual({ ttlMs: 24 * hourMs, entries: 10_000, maxBytes: 256 * 1024 * 1024 });
    expect(cacheSettings({ ttl: "5m", entries: 0, megabytes: 1 })).toEqual({
      ttlMs: 300_000,
      entries: 0,
      maxBytes: 1024 * 1024,
    });
  });
});
