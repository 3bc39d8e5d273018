/**
 * `text.similarity`: how alike one text is to others, by two established measures that see different things. Cosine over
 * term frequencies (Salton, Wong and Yang 1975, A vector space model for automatic indexing) sees the same words in
 * whatever order; Jaccard over word shingles (Broder 1997, On the resemblance and containment of documents) sees the same
 * passages.
 */
import type { Skill } from "./skill.ts";
import { foldWord, maxTextLength, wordsOf } from "./text-segments.ts";

interface Input {
  text: string;
  other?: string;
  others?: string[];
  shingleWords?: number;
}

interface Similarity {
  index: number;
  cosine: number;
  jaccard: number;
}

const shareSchema = { type: "number", minimum: 0, maximum: 1 };
/** All texts together stay within some times the bound of one, by the size of the input; this bounds the number. */
const maxOthers = 1_000;
const oneText = { type: "string", maxLength: maxTextLength / 4 };

export const textSimilarity: Skill<Input, { results: Similarity[]; best: number }> = {
  definition: {
    id: "text.similarity",
    version: "1.0.0",
    name: "Text similarity",
    description:
      "Compares a text with another or with many: cosine of their word frequencies and Jaccard similarity of their word shingles, each 0 to 1.",
    tags: ["text", "similarity"],
    input: {
      type: "object",
      properties: {
        text: oneText,
        other: oneText,
        others: { type: "array", items: oneText, minItems: 1, maxItems: maxOthers },
        shingleWords: {
          type: "integer",
          minimum: 1,
          maximum: 10,
          default: 3,
          description: "Words that follow one another in a shingle.",
        },
      },
      required: ["text"],
      oneOf: [{ required: ["other"] }, { required: ["others"] }],
      additionalProperties: false,
    },
    output: {
      type: "object",
      properties: {
        results: {
          type: "array",
          description: "In the order of the input.",
          items: {
            type: "object",
            properties: { index: { type: "integer", minimum: 0 }, cosine: shareSchema, jaccard: shareSchema },
            required: ["index", "cosine", "jaccard"],
            additionalProperties: false,
          },
        },
        best: {
          type: "integer",
          minimum: 0,
          description: "Index of the most alike by cosine; of equals, the first.",
        },
      },
      required: ["results", "best"],
      additionalProperties: false,
    },
    examples: [{ text: "the cat sat on the mat", other: "the cat lay on the mat" }],
    deterministic: true,
    idempotent: true,
  },
  run: (
    { text, other, others = other === undefined ? [] : [other], shingleWords = 3 },
    { signal, progress },
  ) => {
    const base = profileOf(text, shingleWords);
    const results = others.map((each, index) => {
      signal.throwIfAborted();
      progress(index / others.length);
      const profile = profileOf(each, shingleWords);
      return {
        index,
        cosine: round(cosine(base, profile)),
        jaccard: round(jaccard(base.shingles, profile.shingles)),
      };
    });
    const best = results.reduce((a, b) => (b.cosine > a.cosine ? b : a)).index;
    return { results, best };
  },
};

interface Profile {
  frequencies: Map<string, number>;
  /** Euclidean length of the frequencies. */
  length: number;
  shingles: Set<string>;
}

function profileOf(text: string, shingleWords: number): Profile {
  const words = wordsOf(text).map(foldWord);
  const frequencies = new Map<string, number>();
  for (const word of words) frequencies.set(word, (frequencies.get(word) ?? 0) + 1);
  let squares = 0;
  for (const times of frequencies.values()) squares += times * times;
  const shingles = new Set<string>();
  // A text shorter than a shingle is one shingle: two equal short texts are alike.
  const size = Math.max(1, Math.min(shingleWords, words.length));
  for (let end = size; end <= words.length; end++) shingles.add(words.slice(end - size, end).join(" "));
  return { frequencies, length: Math.sqrt(squares), shingles };
}

/** Two texts without words are equal; a text with words is nothing like one without. */
function cosine(a: Profile, b: Profile): number {
  if (a.length === 0 || b.length === 0) return a.length === b.length ? 1 : 0;
  const [small, large] = a.frequencies.size <= b.frequencies.size ? [a, b] : [b, a];
  let dot = 0;
  for (const [word, times] of small.frequencies) dot += times * (large.frequencies.get(word) ?? 0);
  return Math.min(1, dot / (a.length * b.length));
}

function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 && b.size === 0) return 1;
  let shared = 0;
  for (const shingle of a) if (b.has(shingle)) shared += 1;
  return shared / (a.size + b.size - shared);
}

// Six decimals: machines may differ in the last bits, and results are compared by hash.
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
