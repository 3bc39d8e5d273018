/**
 * Words and sentences of a text by Unicode's rules (UAX #29, through Intl.Segmenter), shared by the `text.*` skills, and
 * the bounds they have in common.
 */

/** Characters (UTF-16 units) of one text: some two thousand pages, analysed in seconds. */
export const maxTextLength = 4 * 1024 * 1024;

export const textSchema = { type: "string", maxLength: maxTextLength } as const;

// The locale decides word breaks only for scripts without spaces, where ICU brings dictionaries for any locale.
const wordSegmenter = new Intl.Segmenter("en", { granularity: "word" });
const sentenceSegmenter = new Intl.Segmenter("en", { granularity: "sentence" });

// ICU looks at the text around each break; over a long string that is slow, over paragraphs it is not.
const paragraphPattern = /[^\r\n]+/g;

function* segmentsOf(segmenter: Intl.Segmenter, text: string): Generator<Intl.SegmentData> {
  for (const [line] of text.matchAll(paragraphPattern)) yield* segmenter.segment(line);
}

/** The words in order, as written. Punctuation and spaces are no words; numbers are. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const { segment, isWordLike } of segmentsOf(wordSegmenter, text))
    if (isWordLike === true) words.push(segment);
  return words;
}

/**
 * The words in order, and `null` for whatever separates phrases: punctuation and the ends of paragraphs. Words joined by
 * hyphens are one (`peer-to-peer`).
 */
export function* tokensOf(text: string): Generator<string | null> {
  for (const block of paragraphsOf(text)) {
    let word = "";
    let joined = false;
    for (const { segment, isWordLike } of wordSegmenter.segment(block)) {
      if (isWordLike === true) {
        if (word !== "" && !joined) yield word;
        word = joined ? `${word}-${segment}` : segment;
        joined = false;
        continue;
      }
      joined = word !== "" && !joined && /^[-\u2010]$/.test(segment);
      if (joined) continue;
      if (word !== "") yield word;
      word = "";
      if (!/^\s+$/.test(segment)) yield null;
    }
    if (word !== "") yield word;
    yield null;
  }
}

/** Sentences that hold at least one word, in order. A line break within a paragraph ends none; an empty line does. */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  for (const block of paragraphsOf(text)) {
    // UAX #29 breaks sentences at line ends, but wrapped text goes on there.
    for (const { segment } of sentenceSegmenter.segment(block.replace(/\s*\r?\n\s*/g, " "))) {
      if (/[\p{L}\p{N}]/u.test(segment)) sentences.push(segment.trim());
    }
  }
  return sentences;
}

/** Blocks between empty lines that hold more than spaces. */
export function paragraphsOf(text: string): string[] {
  return text.split(/\r?\n[ \t]*(?:\r?\n[ \t]*)+/).filter((block) => block.trim() !== "");
}

/** Equal for words that differ in case or in how an accent is encoded. */
export function foldWord(word: string): string {
  return word.normalize("NFKC").toLowerCase();
}
