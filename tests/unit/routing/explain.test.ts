import { describe, expect, it } from "vitest";
import type { Decision } from "../../../src/routing/candidate.ts";
import { explainDecision, isDecision, summaryParagraph } from "../../../src/routing/explain.ts";
import { createRouter } from "../../../src/routing/router.ts";
import { candidate, request, seeded, skill, wallStart } from "./fixtures.ts";

const a = "12D3KooWAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAaaaaaaa1";
const b = "12D3KooWBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBbbbbbbb2";

function decide(candidates: ReturnType<typeof candidate>[], changes = {}): Decision {
  const router = createRouter({ random: seeded(1), self: "me" });
  return router.decide(request(changes), candidates, 0, wallStart);
}

describe("a decision in words", () => {
  it("names the chosen, the score's parts and why the other was refused", () => {
    const decision = decide([candidate(a, { price: 2 }), candidate(b, { blocked: true })]);
    expect(explainDecision(decision)).toEqual([
      "…aaaaaaa1 was chosen, the only one that can do it out of 2 peers known; no fallback.",
      "…aaaaaaa1: chosen; expected 3220 ms to a good result (round trip 20 ms, run and wait 100 ms, unreliability 0 ms, " +
        "distrust 3000 ms, price 100 ms); 0 of 4 slots busy, 0 waiting, 0 of ours there; trust 0.50, at least 0.21, reliability 1.00.",
      "…bbbbbbb2: not taken: blocked by the operator.",
    ]);
  });

  it("speaks of this node and of those that found no room in the record", () => {
    const many = Array.from({ length: 30 }, (_, i) => candidate(`peer-${i}`));
    const sentences = explainDecision(decide([candidate("me", { local: true }), ...many]));
    expect(sentences[0]).toMatch(
      /^This node was chosen, the best of \d+ drawn out of 31 peers known; \d+ fallbacks\.$/,
    );
    expect(sentences.at(-1)).toBe("15 more peers not listed.");
    expect(sentences.some((s) => s.endsWith("could have done it, was not drawn this time."))).toBe(false);
    expect(sentences.some((s) => s.includes("is below the 0.40 of the trusted peers"))).toBe(true);
  });

  it("reads back from the store, and is told from anything else", () => {
    const decision = decide([candidate(a)]);
    const stored: unknown = JSON.parse(JSON.stringify(decision));
    expect(isDecision(stored) && explainDecision(stored)).toEqual(explainDecision(decision));
    for (const other of [null, undefined, 3, {}, { order: [], how: "best" }])
      expect(isDecision(other)).toBe(false);
  });
});

describe("the summary of a task", () => {
  it("tells its attempts in order", () => {
    const text = summaryParagraph({
      status: "completed",
      reason: "",
      skill,
      attempts: [
        {
          attempt: 1,
          peer: a,
          outcome: "lost",
          message: "the connection closed",
          decision: decide([candidate(a)]),
        },
        {
          attempt: 2,
          peer: "me",
          outcome: "completed",
          decision: decide([candidate("me", { local: true })]),
        },
      ],
    });
    expect(text).toBe(
      "The task (text.stats) is completed. Attempt 1 at …aaaaaaa1, the only peer known that offers it, ended as lost: " +
        "the connection closed. Attempt 2 at this node, the only peer known that offers it, ended as completed.",
    );
  });

  it("says why nobody takes it, each reason once", () => {
    const waiting = decide([candidate(a), candidate(b), candidate("c", { blocked: true })], {
      requirements: { gpu: true },
    });
    const task = { status: "queued", reason: "", skill, attempts: [] };
    expect(summaryParagraph({ ...task, waiting })).toBe(
      "The task (text.stats) is queued. No attempt was made yet. None of 3 known peers can take the task now. " +
        "Reasons: needs a GPU, has none (2 peers); blocked by the operator.",
    );
    expect(summaryParagraph({ ...task, waiting: decide([]) })).toContain(
      "No peer is known that offers the skill.",
    );
  });

  it("leaves out all but the last attempts of a long story", () => {
    const attempts = Array.from({ length: 9 }, (_, i) => ({ attempt: i + 1, peer: a, outcome: "refused" }));
    const text = summaryParagraph({ status: "retrying", reason: "", skill, attempts });
    expect(text).toContain("3 earlier attempts left out. Attempt 4 at …aaaaaaa1 ended as refused.");
    expect(text).not.toContain("Attempt 3 ");
  });
});
