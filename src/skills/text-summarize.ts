/**
 * `text.summarize`: the sentences that stand for the rest of a text, in their order. LexRank (Erkan and Radev 2004, LexRank:
 * Graph-based lexical centrality as salience in text summarization), in its continuous form: sentences vote for those that are like
 * them by the cosine of their TF-IDF vectors, and the votes are counted as PageRank counts links. Unlike there,
 * none votes for itself. Nothing is made up.
 */
import type { Skill } from "./skill.ts";
import { ErrandError } from "../core/errors.ts";
import { stopWords } from "./stop-words.ts";
import { foldWord, maxTextLength, sentencesOf, wordsOf } from "./text-segments.ts";

interface Input {
  text: string;
  sentences?: number;
}

interface Output {
  summary: string;
  sentences: { index: number; text: string; score: number }[];
  sentencesInText: number;
}

/** What is compared grows with the square of it; a novel has as many. */
const mostSentences = 5_000;
/** The chance that a vote is cast for any sentence, as the paper has it. */
const jump = 0.15;
const closeEnough = 1e-6;
const mostRounds = 100;

export const textSummarize: Skill<Input, Output> = {
  definition: {
    id: "text.summarize",
    version: "1.0.0",
    name: "Summarize a text",
    description:
      "The most central sentences of a text, in their order (LexRank). Taken from the text as they are.",
    tags: ["text"],
    input: {
      type: "object",
      properties: {
        text: { type: "string", maxLength: maxTextLength },
        sentences: { type: "integer", minimum: 1, maximum: 100, default: 3 },
      },
      required: ["text"],
      additionalProperties: false,
    },
    output: {
      type: "object",
      properties: {
        summary: { type: "string" },
        sentences: {
          type: "array",
          items: {
            type: "object",
            properties: {
              index: { type: "integer", minimum: 0, description: "From 0, among the sentences of the text." },
              text: { type: "string" },
              score: { type: "number", minimum: 0, description: "1 is the average of all sentences." },
            },
            required: ["index", "text", "score"],
            additionalProperties: false,
          },
        },
        sentencesInText: { type: "integer", minimum: 0 },
      },
      required: ["summary", "sentences", "sentencesInText"],
      additionalProperties: false,
    },
    examples: [
      {
        text: "The lease lasts fifteen seconds. A worker renews its lease. The moon is made of rock. A lost lease means a lost worker.",
        sentences: 1,
      },
    ],
    inputModes: ["text/plain"],
    deterministic: true,
    idempotent: true,
  },
  run({ text, sentences: wanted = 3 }, { signal, progress }) {
    const sentences = sentencesOf(text).filter((sentence) => /\p{L}/u.test(sentence));
    if (sentences.length > mostSentences) {
      throw new ErrandError("LimitExceeded", `the text has more than ${mostSentences} sentences`, {
        hint: "Summarize its chapters one by one, and then their summaries.",
      });
    }
    const scores = lexRank(sentences, (fraction) => {
      signal.throwIfAborted();
      progress(fraction);
    });
    const chosen = sentences
      .map((sentence, index) => ({
        index,
        text: sentence,
        score: Math.round((scores[index] ?? 0) * 1e4) / 1e4,
      }))
      // Of two equal ones the earlier: a text says first what matters.
      .toSorted((a, b) => b.score - a.score || a.index - b.index)
      .slice(0, wanted)
      .toSorted((a, b) => a.index - b.index);
    return {
      summary: chosen.map(({ text: sentence }) => sentence).join(" "),
      sentences: chosen,
      sentencesInText: sentences.length,
    };
  },
};

type Vector = Map<string, number>;

/** A score for each sentence; their mean is 1. */
export function lexRank(sentences: readonly string[], tick: (fraction: number) => void = () => {}): number[] {
  const count = sentences.length;
  const vectors = tfIdf(sentences);
  // Who shares a word with whom: most sentences of a long text share none.
  const holders = new Map<string, number[]>();
  for (const [i, vector] of vectors.entries()) {
    for (const word of vector.keys()) {
      const held = holders.get(word);
      if (held === undefined) holders.set(word, [i]);
      else held.push(i);
    }
  }
  const votes = vectors.map((vector, i) => {
    if (i % 64 === 0) tick((0.9 * i) / count);
    const like = new Map<number, number>();
    for (const [word, weight] of vector) {
      for (const j of holders.get(word) ?? []) {
        like.set(j, (like.get(j) ?? 0) + weight * (vectors[j]?.get(word) ?? 0));
      }
    }
    // Else who is like nobody would be as central as the average, by its own vote.
    like.delete(i);
    const sum = [...like.values()].reduce((total, value) => total + value, 0);
    return [...like].map(([j, value]) => [j, value / sum] as const);
  });
  let scores = Array.from({ length: count }, () => 1);
  for (let round = 0; round < mostRounds; round++) {
    // A sentence that is like no other votes for nobody in particular.
    const loose = votes.reduce((sum, cast, i) => (cast.length === 0 ? sum + (scores[i] ?? 0) : sum), 0);
    const next = Array.from({ length: count }, () => jump + ((1 - jump) * loose) / count);
    for (const [i, cast] of votes.entries()) {
      const score = (1 - jump) * (scores[i] ?? 0);
      for (const [j, share] of cast) next[j] = (next[j] ?? 0) + score * share;
    }
    const moved = next.reduce((most, value, i) => Math.max(most, Math.abs(value - (scores[i] ?? 0))), 0);
    scores = next;
    if (moved < closeEnough) break;
  }
  return scores;
}

/** Vectors of length 1, over words that say something. */
function tfIdf(sentences: readonly string[]): Vector[] {
  const counts = sentences.map((sentence) => {
    const vector: Vector = new Map();
    for (const word of wordsOf(sentence).map(foldWord)) {
      if (!stopWords.has(word)) vector.set(word, (vector.get(word) ?? 0) + 1);
    }
    return vector;
  });
  const having = new Map<string, number>();
  for (const vector of counts)
    for (const word of vector.keys()) having.set(word, (having.get(word) ?? 0) + 1);
  return counts.map((vector) => {
    const weighed = [...vector].map(
      ([word, n]) => [word, n * Math.log(1 + sentences.length / (having.get(word) ?? 1))] as const,
    );
    const length = Math.hypot(...weighed.map(([, weight]) => weight));
    return new Map(weighed.map(([word, weight]) => [word, weight / length]));
  });
}
