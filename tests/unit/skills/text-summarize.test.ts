import { describe, expect, test } from "vitest";
import { lexRank, textSummarize } from "../../../src/skills/text-summarize.ts";
import { runSkill } from "./run-skill.ts";

const leases = "A worker holds a lease on its task. ";
const text =
  "Bread is baked in the morning. " +
  "A worker that loses its lease loses its task. " +
  "The lease of a worker is renewed by heartbeats. " +
  "Rain is expected on Sunday. " +
  "When the lease of a task ends, its worker stops.";

describe("text.summarize", () => {
  test("takes what the others are about, in the order of the text", async () => {
    const { sentences, summary, sentencesInText } = await runSkill(textSummarize, { text, sentences: 3 });
    expect(sentences.map(({ index }) => index)).toEqual([1, 2, 4]);
    expect(summary).toBe(sentences.map((sentence) => sentence.text).join(" "));
    expect(sentencesInText).toBe(5);
  });

  test("no more than there is, and nothing of nothing", async () => {
    expect((await runSkill(textSummarize, { text: "One sentence." })).summary).toBe("One sentence.");
    expect(await runSkill(textSummarize, { text: " \n… 42" })).toEqual({
      summary: "",
      sentences: [],
      sentencesInText: 0,
    });
  });

  test("more sentences than can be compared are refused", async () => {
    const run = runSkill(textSummarize, { text: leases.repeat(5_001) });
    await expect(run).rejects.toMatchObject({ code: "LimitExceeded" });
  });
});

describe("the scores", () => {
  test("their mean is 1; equal sentences score alike, those like no other the average", () => {
    const scores = lexRank([
      "the lease of a worker",
      "the worker's lease",
      "lease worker",
      "bread and rain",
      "of the and",
    ]);
    expect(scores.reduce((sum, score) => sum + score, 0)).toBeCloseTo(5, 3);
    expect(scores[3]).toBeCloseTo(scores[4] ?? 0, 1);
    expect(scores[2]).toBeGreaterThan(scores[3] ?? 0);
  });

  test("as PageRank of the graph, computed by hand: two that are alike, and a loner", () => {
    // b = 0.15 + 0.85 b/3, and a = 0.15 + 0.85 a + 0.85 b/3.
    const [a, also, b] = lexRank(["alpha", "alpha", "beta"]);
    expect(a).toBeCloseTo(1.3953, 3);
    expect(also).toBeCloseTo(1.3953, 3);
    expect(b).toBeCloseTo(0.2093, 3);
  });
});
