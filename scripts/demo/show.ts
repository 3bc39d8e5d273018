/** The demo's words: steps and a live line while it runs, and the report as text. */
import type { Progress } from "./run.ts";
import type { Report } from "./report.ts";

export interface Screen {
  /** One line of what is going on, with the time since the start. */
  step(text: string): void;
  /** On a terminal, one line that is drawn again and again; nothing elsewhere. */
  progress(text: string): void;
  /** Takes the live line away. */
  clear(): void;
}

const drawEveryMs = 80;

/** Steps go to `out`: standard output, or standard error when standard output is for JSON. */
export function createScreen(out: NodeJS.WriteStream): Screen {
  const startedAt = performance.now();
  let drawnAt = -Infinity;
  let live = false;
  const clear = (): void => {
    if (live) out.write("\r\u001b[2K");
    live = false;
  };
  return {
    step(text) {
      clear();
      out.write(`${seconds(performance.now() - startedAt).padStart(7)}  ${text}\n`);
    },
    progress(text) {
      if (!out.isTTY || performance.now() - drawnAt < drawEveryMs) return;
      drawnAt = performance.now();
      out.write(`\r\u001b[2K${text.slice(0, (out.columns || 80) - 1)}`);
      live = true;
    },
    clear,
  };
}

export function progressText({ done, of, inHand }: Progress, names: ReadonlyMap<string, string>): string {
  const width = 24;
  const filled = of === 0 ? 0 : Math.round((done / of) * width);
  const hands = Array.from(names, ([peerId, name]) => `${name} ${inHand.get(peerId) ?? 0}`).join("  ");
  return `         [${"#".repeat(filled)}${"-".repeat(width - filled)}] ${done}/${of} done   in hand: ${hands}`;
}

export function reportText(report: Report): string {
  const { tasks, kill, timings } = report;
  const lines = [
    "",
    "What the documents are like:",
    "",
    ...table(
      ["DOCUMENT", "WORDS", "GRADE", "TOP PHRASE", "MOST LIKE", "COSINE"],
      report.documents.map((row) => [
        row.name,
        String(row.words),
        row.grade.toFixed(1),
        row.phrase,
        row.nearest,
        row.cosine.toFixed(2),
      ]),
      [1, 2, 5],
    ),
    "",
    "Who did what:",
    "",
    ...table(
      ["PEER", "DONE", "SHARE", "LOST", "FAILED", "TOOK OVER", "AVERAGE", "RUNNING", ""],
      report.peers.map((row) => [
        row.name,
        String(row.done),
        `${Math.round(row.share * 100)} %`,
        String(row.lost),
        String(row.failed),
        String(row.tookOver),
        row.done === 0 ? "" : `${Math.round(row.averageMs)} ms`,
        row.done === 0 ? "" : `${Math.round(row.runningMs)} ms`,
        row.killed ? "killed" : row.skills.length === 0 ? "submits, offers no skills" : "",
      ]),
      [1, 2, 3, 4, 5, 6, 7],
    ),
    "",
    `${kill.name} was killed ${seconds(kill.atMs)} after the first submission, with ${kill.tasksDone} of ${kill.tasksInAll} tasks done and ${kill.held} in its hands.`,
    kill.noticedMs === null || kill.recoveredMs === null
      ? "Nothing was recovered."
      : `Noticed after ${Math.round(kill.noticedMs)} ms; all ${kill.recovered.length} that were lost with it were done elsewhere by ${seconds(kill.recoveredMs)} after the kill:`,
    ...kill.recovered.map(({ skill, about, by, ms }) => `  ${skill} of ${about}: by ${by}, ${seconds(ms)}`),
    ...(tasks.lost > kill.recovered.length
      ? [
          `${tasks.lost - kill.recovered.length} more attempts were lost on this busy machine, and went elsewhere too.`,
        ]
      : []),
    "",
    `${tasks.total} tasks in ${tasks.attempts} attempts (${tasks.lost} lost, ${tasks.retried} tasks tried again); ${tasks.right} results are right.`,
    `Nodes up and joined in ${seconds(timings.startAndJoin)}, work in ${seconds(timings.work)}, ${seconds(timings.all)} in all.`,
  ];
  for (const problem of report.problems) lines.push(`WRONG: ${problem}`);
  return `${lines.join("\n")}\n`;
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** Columns by index in `right` are aligned to the right. */
function table(head: string[], rows: string[][], right: readonly number[]): string[] {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [head, ...rows].map((row) =>
    `  ${row.map((cell, i) => (right.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join("  ")}`.trimEnd(),
  );
}
