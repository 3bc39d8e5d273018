/**
 * `text.stats`: what a text is made of, and how hard it is to read by the established formulas. The formulas were fitted to
 * English; for other languages the counts hold and the grades do not.
 */
import { syllable } from "syllable";
import type { Skill } from "./skill.ts";
import { sentencesOf, foldWord, paragraphsOf, textSchema, wordsOf } from "./text-segments.ts";

/** Words a minute, silent reading of English non-fiction (Brysbaert 2019, J. Memory and Language 109). */
const wordsPerMinute = 238;

export interface TextStats {
  characters: number;
  charactersWithoutSpaces: number;
  letters: number;
  words: number;
  uniqueWords: number;
  sentences: number;
  paragraphs: number;
  syllables: number;
  averageWordLength: number;
  averageSentenceLength: number;
  readingTimeSeconds: number;
  readability: Readability | null;
}

interface Readability {
  fleschReadingEase: number;
  fleschKincaidGrade: number;
  gunningFog: number;
  smog: number;
  colemanLiau: number;
  automatedReadability: number;
}

const count = { type: "integer", minimum: 0 };
const number = { type: "number" };
const outputProperties = {
  characters: { ...count, description: "Unicode code points." },
  charactersWithoutSpaces: count,
  letters: { ...count, description: "Letters and digits." },
  words: count,
  uniqueWords: count,
  sentences: count,
  paragraphs: count,
  syllables: count,
  averageWordLength: number,
  averageSentenceLength: { ...number, description: "Words in a sentence." },
  readingTimeSeconds: number,
  readability: {
    description: "null for a text without words.",
    oneOf: [
      { type: "null" },
      {
        type: "object",
        properties: {
          fleschReadingEase: { ...number, description: "100 very easy, 0 very hard." },
          fleschKincaidGrade: { ...number, description: "US school grade." },
          gunningFog: number,
          smog: number,
          colemanLiau: number,
          automatedReadability: number,
        },
        required: ["fleschReadingEase", "fleschKincaidGrade"],
        additionalProperties: false,
      },
    ],
  },
};

export const textStats: Skill<{ text: string }, TextStats> = {
  definition: {
    id: "text.stats",
    version: "1.0.0",
    name: "Text statistics",
    description:
      "Counts words, sentences, characters, paragraphs, unique words and syllables, estimates the reading time, and grades readability (Flesch, Flesch-Kincaid, Gunning fog, SMOG, Coleman-Liau, ARI).",
    tags: ["text", "readability"],
    input: {
      type: "object",
      properties: { text: textSchema },
      required: ["text"],
      additionalProperties: false,
    },
    output: {
      type: "object",
      properties: outputProperties,
      required: Object.keys(outputProperties),
      additionalProperties: false,
    },
    examples: [{ text: "The cat sat on the mat." }],
    inputModes: ["text/plain"],
    deterministic: true,
    idempotent: true,
  },
  run: ({ text }, { signal }) => {
    const words = wordsOf(text);
    const sentences = sentencesOf(text).length;
    signal.throwIfAborted();
    const unique = new Map<string, number>();
    for (const word of words) {
      const folded = foldWord(word);
      unique.set(folded, (unique.get(folded) ?? 0) + 1);
    }
    const { syllables, polysyllables } = countSyllables(unique);
    const characters = countMatches(text, /[^]/gu);
    const letters = words.reduce((sum, word) => sum + countMatches(word, /[\p{L}\p{N}]/gu), 0);
    return {
      characters,
      charactersWithoutSpaces: characters - countMatches(text, /\s/gu),
      letters,
      words: words.length,
      uniqueWords: unique.size,
      sentences,
      paragraphs: paragraphsOf(text).length,
      syllables,
      averageWordLength: round(letters / Math.max(words.length, 1)),
      averageSentenceLength: round(words.length / Math.max(sentences, 1)),
      readingTimeSeconds: round((words.length / wordsPerMinute) * 60),
      readability:
        words.length === 0 || sentences === 0
          ? null
          : readability({ words: words.length, sentences, syllables, polysyllables, letters }),
    };
  },
};

/** Counted once for each different word: most of a text is the same few. */
function countSyllables(words: ReadonlyMap<string, number>): { syllables: number; polysyllables: number } {
  let syllables = 0;
  let polysyllables = 0;
  for (const [word, times] of words) {
    // A number is read out in some way; one syllable at least keeps the formulas defined.
    const inWord = Math.max(1, syllable(word));
    syllables += inWord * times;
    if (inWord >= 3) polysyllables += times;
  }
  return { syllables, polysyllables };
}

interface Counts {
  words: number;
  sentences: number;
  syllables: number;
  /** Words of three syllables or more. */
  polysyllables: number;
  letters: number;
}

/** Exported for the test of the formulas by themselves. */
export function readability({ words, sentences, syllables, polysyllables, letters }: Counts): Readability {
  const perSentence = words / sentences;
  const perWord = syllables / words;
  return {
    // Flesch (1948), A new readability yardstick, J. Applied Psychology 32.
    fleschReadingEase: round(206.835 - 1.015 * perSentence - 84.6 * perWord),
    // Kincaid et al. (1975), Research Branch Report 8-75.
    fleschKincaidGrade: round(0.39 * perSentence + 11.8 * perWord - 15.59),
    // Gunning (1952), The technique of clear writing; every word of three syllables counts as hard.
    gunningFog: round(0.4 * (perSentence + 100 * (polysyllables / words))),
    // McLaughlin (1969), SMOG grading, J. of Reading 12; meant for 30 sentences or more, scaled below.
    smog: round(1.043 * Math.sqrt(polysyllables * (30 / sentences)) + 3.1291),
    // Coleman and Liau (1975), J. Applied Psychology 60: letters and sentences for each 100 words.
    colemanLiau: round(0.0588 * ((letters / words) * 100) - 0.296 * ((sentences / words) * 100) - 15.8),
    // Smith and Senter (1967), AMRL-TR-66-220.
    automatedReadability: round(4.71 * (letters / words) + 0.5 * perSentence - 21.43),
  };
}

function countMatches(text: string, pattern: RegExp): number {
  let found = 0;
  pattern.lastIndex = 0;
  while (pattern.test(text)) found += 1;
  return found;
}

// Two decimals: more would claim a precision that the formulas lack, and would differ between machines.
function round(value: number): number {
  return Math.round(value * 100) / 100;
}
