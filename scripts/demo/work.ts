/** The tasks of the demo, each with the check of its answer. The second round works on answers of the first. */
import { Readable } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import type { ApiClient } from "../../src/api/client.ts";
import type { SubmissionJson } from "../../src/api/submission.ts";
import type { Skill, SkillContext } from "../../src/skills/skill.ts";
import { textKeywords, type Keyword } from "../../src/skills/text-keywords.ts";
import { textStats, type TextStats } from "../../src/skills/text-stats.ts";
import { libraryOf, type Document } from "./documents.ts";
import { concordanceOf, cosineOf, jaccardOf, neighborsOf, sha256, textCounts } from "./expected.ts";
import concordance, { type Entry } from "./skills/concordance.ts";

export interface Job {
  /** What it is about: a document's name. */
  about: string;
  submission: SubmissionJson;
  /** Throws an error that says what is wrong with the answer. */
  check(output: unknown): void | Promise<void>;
}

/** The skill whose tasks take long: work that is under way when a worker is killed. */
export const longSkill = concordance.definition.id;
const readingSeconds = 1.5;
const libraryBytes = 8 * 1024 * 1024;

export async function firstRound(documents: readonly Document[], client: ApiClient): Promise<Job[]> {
  const library = libraryOf(documents, libraryBytes);
  return [
    ...documents.map(concordanceJob),
    ...documents.map(statsJob),
    ...documents.map(keywordsJob),
    ...documents.map((document) => similarityJob(document, documents)),
    ...documents.filter(({ name }) => name.endsWith(".md")).map(outlineJob),
    ...(await Promise.all(documents.map((document) => hashJob(document.name, document.bytes, client)))),
    await hashJob("all of it, 8 MiB", library, client),
  ];
}

function concordanceJob({ name, text }: Document): Job {
  return {
    about: name,
    // Behind the short tasks in a worker's queue.
    submission: { skill: longSkill, input: { text, seconds: readingSeconds }, priority: "low" },
    check(output) {
      const { entries } = output as { entries: Entry[] };
      const expected = concordanceOf(text);
      equal("number of words", entries.length, expected.size);
      for (const { word, ...entry } of entries) equal(`entry of "${word}"`, entry, expected.get(word));
    },
  };
}

function statsJob({ name, text }: Document): Job {
  return {
    about: name,
    submission: { skill: "text.stats", input: { text } },
    async check(output) {
      const stats = output as TextStats & Record<string, number>;
      for (const [key, value] of Object.entries(textCounts(text))) equal(key, stats[key], value);
      // Syllables and grades have no plain way: at least the skill says the same here.
      equal("the whole", stats, await runHere(textStats, { text }));
    },
  };
}

function keywordsJob({ name, text }: Document): Job {
  return {
    about: name,
    submission: { skill: "text.keywords", input: { text, limit: 8 } },
    async check(output) {
      const { keywords } = output as { keywords: Keyword[] };
      const flat = text.toLowerCase().replace(/\s+/g, " ");
      for (const { phrase, occurrences } of keywords) {
        const places = flat.split(phrase).length - 1;
        if (places < occurrences)
          throw new Error(
            `"${phrase}" is said to occur ${occurrences} times; the text has it ${places} times`,
          );
      }
      equal("the whole", output, await runHere(textKeywords, { text, limit: 8 }));
    },
  };
}

function similarityJob(document: Document, documents: readonly Document[]): Job {
  const { name, text } = document;
  const others = documents.filter((one) => one !== document).map((one) => one.text);
  return {
    about: name,
    submission: { skill: "text.similarity", input: { text, others } },
    check(output) {
      const { results, best } = output as {
        results: { index: number; cosine: number; jaccard: number }[];
        best: number;
      };
      equal("number of results", results.length, others.length);
      const cosines = others.map((other) => cosineOf(text, other));
      for (const [i, other] of others.entries()) {
        near(`cosine to the ${i + 1}. document`, results[i]?.cosine, cosines[i]);
        near(`Jaccard similarity to the ${i + 1}. document`, results[i]?.jaccard, jaccardOf(text, other));
      }
      near("the best", cosines[best], Math.max(...cosines));
    },
  };
}

function outlineJob({ name, text }: Document): Job {
  return {
    about: name,
    submission: { skill: "markdown.outline", input: { text } },
    check(output) {
      const { sections } = output as { sections: { level: number; title: string; line: number }[] };
      const expected = text.split("\n").flatMap((line, index) => {
        const marks = line.split(" ")[0] ?? "";
        return /^#+$/.test(marks)
          ? [{ level: marks.length, title: line.slice(marks.length + 1), line: index + 1 }]
          : [];
      });
      equal(
        "headings",
        sections.map(({ level, title, line }) => ({ level, title, line })),
        expected,
      );
    },
  };
}

async function hashJob(about: string, bytes: Buffer, client: ApiClient): Promise<Job> {
  const blob = await client.upload<{ hash: string; sizeBytes: number }>("/v1/blobs", Readable.from([bytes]));
  return {
    about,
    submission: { skill: "hash.file", inputBlob: { ...blob, type: "text/plain" } },
    check(output) {
      const { sizeBytes, hashes } = output as { sizeBytes: number; hashes: Record<string, string> };
      equal("size", sizeBytes, bytes.length);
      equal("SHA-256", hashes["sha256"], sha256(bytes));
    },
  };
}

/** `outputs` are those of the first round, by skill and document. */
export function secondRound(
  documents: readonly Document[],
  outputOf: (skill: string, about: string) => unknown,
): Job[] {
  const stats = documents.map(({ name }) => outputOf("text.stats", name) as TextStats);
  const concordances = documents.map(
    ({ name }) => (outputOf(longSkill, name) as { entries: Entry[] }).entries,
  );
  return [
    tableJob(documents, stats),
    ...(["cosine", "euclidean", "dot"] as const).map((m) => knnJob(m, concordances)),
  ];
}

function tableJob(documents: readonly Document[], stats: readonly TextStats[]): Job {
  const rows = stats.map(({ words, sentences }, i) => `${documents[i]?.name},${words},${sentences}`);
  return {
    about: "table of all",
    submission: {
      skill: "csv.summary",
      input: { text: `document,words,sentences\n${rows.join("\n")}\n` },
    },
    check(output) {
      const table = output as { rows: number; columns: { name: string; mean?: number; max?: number }[] };
      const counts = stats.map(({ words }) => words);
      equal("rows", table.rows, documents.length);
      equal(
        "columns",
        table.columns.map(({ name }) => name),
        ["document", "words", "sentences"],
      );
      equal("longest document", table.columns[1]?.max, Math.max(...counts));
      near(
        "mean of the words",
        table.columns[1]?.mean,
        counts.reduce((sum, n) => sum + n, 0) / counts.length,
      );
    },
  };
}

/** Documents as points: how often each has the words that most of them have in common. */
function knnJob(metric: "cosine" | "euclidean" | "dot", concordances: readonly Entry[][]): Job {
  const shared = new Map<string, number>();
  for (const { word } of concordances.flat()) shared.set(word, (shared.get(word) ?? 0) + 1);
  const axes = [...shared].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 100);
  const vectors = concordances.map((entries) => {
    const counts = new Map(entries.map(({ word, count }) => [word, count]));
    return axes.map(([word]) => counts.get(word) ?? 0);
  });
  return {
    about: `neighbours, ${metric}`,
    submission: { skill: "vector.knn", input: { vectors, queries: vectors, k: 3, metric } },
    check(output) {
      const { neighbors } = output as { neighbors: { index: number }[][] };
      const found = neighbors.map((list) => list.map(({ index }) => index));
      equal("neighbours", found, neighborsOf(vectors, metric, 3));
    },
  };
}

const context: SkillContext = {
  signal: new AbortController().signal,
  progress: () => undefined,
  log: () => undefined,
  deadline: Number.POSITIVE_INFINITY,
  scratchDir: "",
  file: (path, type) => ({ $file: path, type }),
};

async function runHere<Input>(skill: Skill<Input>, input: Input): Promise<unknown> {
  return skill.run(input, context);
}

function equal(what: string, found: unknown, expected: unknown): void {
  if (isDeepStrictEqual(found, expected)) return;
  throw new Error(`${what}: ${show(found)} came, ${show(expected)} is right`);
}

function near(what: string, found: number | undefined, expected: number | undefined): void {
  if (Math.abs((found ?? Number.NaN) - (expected ?? Number.NaN)) < 1e-6) return;
  throw new Error(`${what}: ${show(found)} came, ${show(expected)} is right`);
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 200);
}
