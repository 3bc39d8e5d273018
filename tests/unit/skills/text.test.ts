import { describe, expect, test } from "vitest";
import { textKeywords } from "../../../src/skills/text-keywords.ts";
import { textSimilarity } from "../../../src/skills/text-similarity.ts";
import { readability, textStats } from "../../../src/skills/text-stats.ts";
import { runSkill } from "./run-skill.ts";

describe("text.stats", () => {
  test("counts what is in a text", async () => {
    const text =
      "Dr. Who didn't wait. Why?\r\nNobody knows — 42 times!\n\nSecond paragraph: naïve café 👍.\n \n";
    const stats = await runSkill(textStats, { text });
    expect(stats).toMatchObject({ words: 13, paragraphs: 2, uniqueWords: 13 });
    expect(stats.characters).toBe(Array.from(text).length);
    expect(stats.charactersWithoutSpaces).toBe(Array.from(text).filter((c) => !/\s/u.test(c)).length);
    expect(stats.readingTimeSeconds).toBeCloseTo((13 / 238) * 60, 1);
  });

  test("a line break within a paragraph ends no sentence, an empty line does", async () => {
    const stats = await runSkill(textStats, {
      text: "One sentence that\ngoes on.\nAnd another one\n\nA heading\n\nLast.",
    });
    expect(stats.sentences).toBe(4);
  });

  test("the same word in another case or encoding is the same word", async () => {
    expect(await runSkill(textStats, { text: "Café CAFÉ cafe\u0301 cat" })).toMatchObject({
      words: 4,
      uniqueWords: 2,
    });
  });

  // Sentences that are used as examples everywhere; syllables counted by hand: 6 and 26.
  test.each([
    ["The cat sat on the mat.", 116.1, -1.4],
    ["The Australian platypus is seemingly a hybrid of a mammal and reptilian creature.", 24.4, 13.1],
  ])("known readability of %j", async (text, ease, grade) => {
    const { readability: found } = await runSkill(textStats, { text });
    expect(found?.fleschReadingEase).toBeCloseTo(ease, 0);
    expect(found?.fleschKincaidGrade).toBeCloseTo(grade, 0);
  });

  test("formulas by hand, from 119 words in 5 sentences with 639 letters", () => {
    const found = readability({ words: 119, sentences: 5, syllables: 185, polysyllables: 20, letters: 639 });
    // Coleman and Liau's own example: L = 537, S = 4.2, index 14.5.
    expect(found.colemanLiau).toBeCloseTo(14.5, 1);
    expect(found.fleschReadingEase).toBeCloseTo(206.835 - 1.015 * 23.8 - (84.6 * 185) / 119, 1);
    expect(found.gunningFog).toBeCloseTo(0.4 * (23.8 + 2000 / 119), 1);
    expect(found.smog).toBeCloseTo(1.043 * Math.sqrt(120) + 3.1291, 1);
    expect(found.automatedReadability).toBeCloseTo((4.71 * 639) / 119 + 11.9 - 21.43, 1);
  });

  test("a text without words has no grades", async () => {
    expect(await runSkill(textStats, { text: " — … \n" })).toMatchObject({
      words: 0,
      sentences: 0,
      readability: null,
    });
  });
});

describe("text.keywords", () => {
  // The abstract and the scores of Rose et al. 2010, figures 1.1 and 1.4.
  const abstract = `Compatibility of systems of linear constraints over the set of natural numbers. Criteria of
    compatibility of a system of linear Diophantine equations, strict inequations, and nonstrict inequations are
    considered. Upper bounds for components of a minimal set of solutions and algorithms of construction of minimal
    generating sets of solutions for all types of systems are given. These criteria and the corresponding algorithms for
    constructing a minimal supporting set of solutions can be used in solving all the considered types of systems and
    systems of mixed types.`;

  test("gives the scores of the paper's example", async () => {
    const { keywords } = await runSkill(textKeywords, {
      text: abstract,
      limit: 100,
      stopWords: ["considered"],
    });
    const scores = Object.fromEntries(keywords.map(({ phrase, score }) => [phrase, score]));
    expect(scores["minimal generating sets"]).toBeCloseTo(8.7, 1);
    expect(scores["linear diophantine equations"]).toBeCloseTo(8.5, 1);
    expect(scores["minimal supporting set"]).toBeCloseTo(7.7, 1);
    expect(scores["minimal set"]).toBeCloseTo(4.7, 1);
    expect(scores["linear constraints"]).toBeCloseTo(4.5, 1);
    expect(scores["natural numbers"]).toBe(4);
    expect(keywords[0]?.phrase).toBe("minimal generating sets");
  });

  test("joins hyphenated words, counts occurrences, keeps to its bounds", async () => {
    const text = "Peer-to-peer networks. Every peer-to-peer networks story. A B c 12 3.5";
    const { keywords } = await runSkill(textKeywords, { text });
    expect(keywords).toEqual([
      { phrase: "peer-to-peer networks story", score: expect.any(Number), occurrences: 1 },
      { phrase: "peer-to-peer networks", score: expect.any(Number), occurrences: 1 },
    ]);
    expect((await runSkill(textKeywords, { text, maxWords: 2 })).keywords).toHaveLength(1);
    expect((await runSkill(textKeywords, { text, limit: 1 })).keywords).toHaveLength(1);
    expect((await runSkill(textKeywords, { text: "cats. cats. dogs.", minOccurrences: 2 })).keywords).toEqual(
      [{ phrase: "cats", score: 1, occurrences: 2 }],
    );
  });

  test("a word such as constructor is a word like any other", async () => {
    const { keywords } = await runSkill(textKeywords, { text: "constructor. __proto__. toString." });
    expect(keywords.map(({ phrase }) => phrase)).toContain("constructor");
  });
});

describe("text.similarity", () => {
  const text = "the quick brown fox jumps over the lazy dog";

  test("equal texts are one, texts without a common word zero", async () => {
    const { results, best } = await runSkill(textSimilarity, {
      text,
      others: ["unrelated matter", text.toUpperCase()],
    });
    expect(results).toEqual([
      { index: 0, cosine: 0, jaccard: 0 },
      { index: 1, cosine: 1, jaccard: 1 },
    ]);
    expect(best).toBe(1);
  });

  test("the same words in another order have the same frequencies and other shingles", async () => {
    const other = text.split(" ").toReversed().join(" ");
    const { results } = await runSkill(textSimilarity, { text, other });
    expect(results[0]).toMatchObject({ cosine: 1, jaccard: 0 });
  });

  test("by hand: {a:2,b:1} against {a:1,c:1}, and one of three pairs shared", async () => {
    const first = await runSkill(textSimilarity, { text: "a a b", other: "a c" });
    expect(first.results[0]?.cosine).toBeCloseTo(2 / Math.sqrt(10), 6);
    const second = await runSkill(textSimilarity, { text: "x y z", other: "y z w", shingleWords: 2 });
    expect(second.results[0]?.jaccard).toBeCloseTo(1 / 3, 6);
  });

  test("texts without words are equal to each other and to nothing else", async () => {
    const { results } = await runSkill(textSimilarity, { text: "…", others: ["", "word"] });
    expect(results.map(({ cosine }) => cosine)).toEqual([1, 0]);
  });
});
