/** What happened, as plain data: the report of `-o json`, and what the text is made of. */
import type { TextStats } from "../../src/skills/text-stats.ts";
import type { Keyword } from "../../src/skills/text-keywords.ts";
import type { Document } from "./documents.ts";
import type { RunningNode } from "./mesh.ts";
import type { Kill, Outcome } from "./run.ts";

export interface PeerRow {
  name: string;
  peerId: string;
  skills: string[];
  /** Tasks that it finished, and its share of all. */
  done: number;
  share: number;
  /** Attempts that were lost with it, and those that failed at it. */
  lost: number;
  failed: number;
  /** Tasks that it finished after another had been lost with them. */
  tookOver: number;
  /** From assignment to the answer, as the home saw it; and the part that the skill ran. */
  averageMs: number;
  runningMs: number;
  killed: boolean;
}

export interface KillReport {
  name: string;
  peerId: string;
  pid: number;
  /** After the first submission. */
  atMs: number;
  tasksDone: number;
  tasksInAll: number;
  /** Tasks it had finished, and those in its hands when it was killed. */
  finished: number;
  held: number;
  /** From the kill until the first loss was noticed, and until the last of those tasks was done elsewhere. */
  noticedMs: number | null;
  recoveredMs: number | null;
  recovered: { task: string; skill: string; about: string; by: string; ms: number }[];
}

export interface Report {
  ok: boolean;
  problems: string[];
  /** `lost`: attempts; those of the killed worker, and others that a busy machine did not acknowledge in time. */
  tasks: { total: number; right: number; attempts: number; lost: number; retried: number };
  peers: PeerRow[];
  kill: KillReport;
  documents: {
    name: string;
    words: number;
    grade: number;
    phrase: string;
    nearest: string;
    cosine: number;
  }[];
  /** ms. */
  timings: { startAndJoin: number; work: number; all: number };
}

export interface Facts {
  home: RunningNode;
  workers: readonly RunningNode[];
  documents: readonly Document[];
  outcomes: readonly Outcome[];
  kill: Kill;
  /** ms since the epoch. */
  submittedAt: number;
  timings: Report["timings"];
}

export function makeReport(facts: Facts): Report {
  const { outcomes, timings } = facts;
  const kill = reportKill(facts);
  const attempts = outcomes.flatMap(({ explanation }) => explanation.attempts);
  const problems = outcomes
    .filter(({ problem }) => problem !== "")
    .map(({ job, task, problem }) => `${task.skill} of ${job.about} (${task.id}): ${problem}`);
  if (kill.recovered.length === 0)
    problems.push(
      `no task was lost with ${kill.name}, although ${kill.held} were in its hands: nothing was recovered`,
    );
  for (const { task, job } of outcomes) {
    if (
      facts.kill.held.includes(task.id) &&
      task.peer === kill.peerId &&
      Date.parse(task.finishedAt ?? "") > facts.kill.at + 1_000
    )
      problems.push(
        `${task.skill} of ${job.about} (${task.id}) is said to be done by ${kill.name}, which was dead by then`,
      );
  }
  const lost = attempts.filter(({ outcome }) => outcome === "lost").length;
  return {
    ok: problems.length === 0,
    problems,
    tasks: {
      total: outcomes.length,
      right: outcomes.filter(({ problem }) => problem === "").length,
      attempts: attempts.length,
      lost,
      retried: outcomes.filter(({ explanation }) => explanation.attempts.length > 1).length,
    },
    peers: [facts.home, ...facts.workers].map((node) => peerRow(node, facts)),
    kill,
    documents: findings(facts),
    timings,
  };
}

function peerRow(node: RunningNode, { outcomes, kill }: Facts): PeerRow {
  const own = outcomes.flatMap(({ explanation }) =>
    explanation.attempts.filter(({ peer }) => peer === node.peerId),
  );
  const completed = own.filter(({ outcome }) => outcome === "completed");
  const lost = own.filter(({ outcome }) => outcome === "lost").length;
  return {
    name: node.name,
    peerId: node.peerId,
    skills: node.skills,
    done: completed.length,
    share: completed.length / Math.max(1, outcomes.length),
    lost,
    failed: own.length - completed.length - lost,
    tookOver: outcomes.filter(
      ({ task, explanation }) =>
        task.peer === node.peerId && explanation.attempts.some(({ outcome }) => outcome === "lost"),
    ).length,
    averageMs: average(completed.map(({ startedAt, finishedAt }) => finishedAt - startedAt)),
    runningMs: average(completed.map(({ usage }) => usage?.wallMs ?? 0)),
    killed: node === kill.node,
  };
}

function reportKill({ kill, workers, outcomes, submittedAt }: Facts): KillReport {
  const { node, at, held, done, of } = kill;
  // Earlier losses are those of a machine too busy to acknowledge in time.
  const losses = outcomes.flatMap(({ job, task, explanation }) =>
    explanation.attempts
      .filter(
        ({ peer, outcome, finishedAt }) => peer === node.peerId && outcome === "lost" && finishedAt >= at,
      )
      .map(({ finishedAt }) => ({ job, task, noticedAt: finishedAt })),
  );
  const recovered = losses
    .filter(({ task }) => task.status === "completed")
    .map(({ job, task }) => ({
      task: task.id,
      skill: task.skill,
      about: job.about,
      by: workers.find(({ peerId }) => peerId === task.peer)?.name ?? task.peer,
      ms: Date.parse(task.finishedAt ?? "") - at,
    }));
  return {
    name: node.name,
    peerId: node.peerId,
    pid: node.pid,
    atMs: at - submittedAt,
    tasksDone: done,
    tasksInAll: of,
    finished: outcomes.filter(({ task }) => task.peer === node.peerId && task.status === "completed").length,
    held: held.length,
    noticedMs: losses.length === 0 ? null : Math.min(...losses.map(({ noticedAt }) => noticedAt)) - at,
    recoveredMs: recovered.length === 0 ? null : Math.max(...recovered.map(({ ms }) => ms)),
    recovered,
  };
}

interface Similar {
  best: number;
  results: { cosine: number }[];
}

/** What the peers found out about the documents. */
function findings({ documents, outcomes }: Facts): Report["documents"] {
  const answer = (skill: string, about: string): unknown =>
    outcomes.find(({ job, task }) => task.skill === skill && job.about === about)?.task.output;
  return documents.map((document) => {
    const { name } = document;
    const stats = answer("text.stats", name) as TextStats | undefined;
    const found = answer("text.keywords", name) as { keywords: Keyword[] } | undefined;
    const similar = answer("text.similarity", name) as Similar | undefined;
    const others = documents.filter((one) => one !== document);
    return {
      name,
      words: stats?.words ?? 0,
      grade: stats?.readability?.fleschKincaidGrade ?? 0,
      phrase: found?.keywords[0]?.phrase ?? "",
      nearest: others[similar?.best ?? 0]?.name ?? "",
      cosine: similar?.results[similar.best]?.cosine ?? 0,
    };
  });
}

function average(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
