/**
 * `text.keywords`: the key phrases of one text by RAKE (Rose, Engel, Cramer and Cowley 2010, "Automatic keyword extraction
 * from individual documents", in Text Mining: Applications and Theory). Stop words and punctuation cut the text into
 * candidate phrases; a word scores by how many words it stands with (degree) for each time it occurs (frequency); a
 * phrase scores the sum of its words. No corpus, no model, and equal text gives equal phrases.
 */
import type { Skill } from "./skill.ts";
import { stopWords } from "./stop-words.ts";
import { foldWord, textSchema, tokensOf } from "./text-segments.ts";

interface Input {
  text: string;
  limit?: number;
  maxWords?: number;
  minOccurrences?: number;
  stopWords?: string[];
}

export interface Keyword {
  phrase: string;
  score: number;
  occurrences: number;
}

/** Shorter words are abbreviations and letters of formulas more often than topics. */
const minWordLength = 2;

export const textKeywords: Skill<Input, { keywords: Keyword[] }> = {
  definition: {
    id: "text.keywords",
    version: "1.0.0",
    name: "Key phrases",
    description:
      "Extracts the key phrases of an English text by RAKE, best first, with score and number of occurrences.",
    tags: ["text", "keywords"],
    input: {
      type: "object",
      properties: {
        text: textSchema,
        limit: { type: "integer", minimum: 1, maximum: 500, default: 10 },
        maxWords: {
          type: "integer",
          minimum: 1,
          maximum: 6,
          default: 4,
          description: "Words in a phrase at most.",
        },
        minOccurrences: { type: "integer", minimum: 1, maximum: 1000, default: 1 },
        stopWords: {
          type: "array",
          items: { type: "string", minLength: 1, maxLength: 64 },
          maxItems: 2000,
          description: "Separate phrases as well as the English ones do.",
        },
      },
      required: ["text"],
      additionalProperties: false,
    },
    output: {
      type: "object",
      properties: {
        keywords: {
          type: "array",
          maxItems: 500,
          items: {
            type: "object",
            properties: {
              phrase: { type: "string" },
              score: { type: "number", minimum: 0 },
              occurrences: { type: "integer", minimum: 1 },
            },
            required: ["phrase", "score", "occurrences"],
            additionalProperties: false,
          },
        },
      },
      required: ["keywords"],
      additionalProperties: false,
    },
    examples: [
      { text: "Peer-to-peer networks share work among equal peers. Equal peers need no server.", limit: 3 },
    ],
    inputModes: ["text/plain"],
    deterministic: true,
    idempotent: true,
  },
  run: ({ text, limit = 10, maxWords = 4, minOccurrences = 1, stopWords: more = [] }) => {
    const phrases = candidatePhrases(text, new Set([...stopWords, ...more.map(foldWord)]), maxWords);
    const scores = wordScores(phrases);
    const found = new Map<string, Keyword>();
    for (const words of phrases) {
      const phrase = words.join(" ");
      const known = found.get(phrase);
      if (known !== undefined) {
        known.occurrences += 1;
        continue;
      }
      const score = words.reduce((sum, word) => sum + (scores.get(word) ?? 0), 0);
      found.set(phrase, { phrase, score: Math.round(score * 1000) / 1000, occurrences: 1 });
    }
    const keywords = [...found.values()].filter(({ occurrences }) => occurrences >= minOccurrences);
    // The sort is stable: among equals, what the text says first comes first.
    return { keywords: keywords.toSorted((a, b) => b.score - a.score).slice(0, limit) };
  },
};

/** Runs of words between stop words and punctuation; runs longer than `maxWords` are no phrases anybody would search for. */
function candidatePhrases(text: string, stops: ReadonlySet<string>, maxWords: number): string[][] {
  const phrases: string[][] = [];
  let current: string[] = [];
  const close = (): void => {
    if (current.length > 0 && current.length <= maxWords) phrases.push(current);
    current = [];
  };
  for (const token of tokensOf(text)) {
    const word = token === null ? undefined : foldWord(token).replaceAll("’", "'");
    if (word === undefined || stops.has(word)) close();
    else if (word.length < minWordLength || /^[\p{N}.,]+$/u.test(word)) close();
    else current.push(word);
  }
  close();
  return phrases;
}

/** deg(w) / freq(w): the degree counts the word itself and its neighbours in every phrase it occurs in. */
function wordScores(phrases: readonly string[][]): Map<string, number> {
  const counts = new Map<string, { degree: number; frequency: number }>();
  for (const words of phrases) {
    for (const word of words) {
      const count = counts.get(word) ?? { degree: 0, frequency: 0 };
      count.degree += words.length;
      count.frequency += 1;
      counts.set(word, count);
    }
  }
  return new Map(Array.from(counts, ([word, { degree, frequency }]) => [word, degree / frequency]));
}
