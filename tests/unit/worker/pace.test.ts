import { describe, expect, test } from "vitest";
import { createVoice } from "../../../src/worker/pace.ts";

describe("a run's voice", () => {
  test("progress at most every 50 ms, and the newest is not lost", async () => {
    const seen: [number, string][] = [];
    const late = Promise.withResolvers<void>();
    const voice = createVoice({
      progress: (...report) => {
        seen.push(report);
        if (seen.length === 2) late.resolve();
      },
      log: () => {},
    });
    for (let i = 0; i <= 1_000; i++) voice.progress(i / 1_000, `step ${i}`);
    expect(seen).toEqual([[0, "step 0"]]);
    await late.promise;
    expect(seen[1]).toEqual([1, "step 1000"]);
    voice.stop();
  });

  test("so many lines, each so long, then one that says so", () => {
    const lines: string[] = [];
    const voice = createVoice({ progress: () => {}, log: (line) => void lines.push(line) });
    for (let i = 0; i < 10_000; i++) voice.log("x".repeat(5_000));
    expect(lines).toHaveLength(200);
    expect(lines[0]).toHaveLength(1_000);
    expect(lines.at(-1)).toContain("left out");
  });

  test("takes whatever JavaScript passes it", () => {
    const seen: unknown[] = [];
    const voice = createVoice({ progress: (...report) => seen.push(report), log: (line) => seen.push(line) });
    voice.progress("half", { a: 1 });
    voice.log(Symbol("x"));
    expect(seen).toEqual([[Number.NaN, "{ a: 1 }"], "Symbol(x)"]);
  });
});
