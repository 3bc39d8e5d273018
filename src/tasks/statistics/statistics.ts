/**
 * The node's statistics (counts, rates, durations; by skill and by peer; over windows of time). They are derived: counted from
 * the rows of the store at the start and whenever rows have gone, kept up to date by the moves of tasks in between, and
 * completed with the live tasks when somebody asks. So no counter can drift from what is kept.
 */
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import type { PeerIdText, TaskId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { endedTasks, type EndedRow } from "../../storage/statistics.ts";
import type { Store } from "../../storage/store.ts";
import type { TaskRecord } from "../record.ts";
import { isTerminal, type TaskState, type TerminalState } from "../states.ts";
import type { TaskTable } from "../table.ts";
import { countInBook, newBook, type Book } from "./book.ts";
import { newSeries, readSeries, windowStart, type Series, type StatsWindow } from "./series.ts";
import { viewTally, type CountedEnd, type TallyView } from "./tally.ts";

export const BANDS = ["low", "normal", "high", "critical"] as const;
type Counts = Partial<Record<TaskState, number>>;

export interface StatsQuery {
  /** Default `all`: everything that is kept. */
  window?: StatsWindow;
  /** One of the two at most. */
  skill?: string;
  peer?: PeerIdText;
}

export interface StatsView {
  window: StatsWindow;
  /** ISO 8601; null for everything that is kept. */
  since: string | null;
  /** False while the store is still being read. */
  complete: boolean;
  tasks: TallyView;
  /** Those with most tasks first; of one skill or peer when it was asked for. */
  skills: (TallyView & { skill: string })[];
  peers: (TallyView & { peer: PeerIdText })[];
  onlinePeers: number;
  /** Tasks that have not ended, now. */
  live: { byState: Counts; byBand: Record<(typeof BANDS)[number], Counts> };
  /** As a worker for others and for itself, since the start. */
  worker: { served: number; refused: number; duplicates: number };
}

export interface Statistics {
  /** Throws `InvalidInput` for a skill and a peer at once. */
  read(query?: StatsQuery): StatsView;
  /** Counts the rows anew, in the background. Resolves when it is done; several at once share what is still to come. */
  rebuild(): Promise<void>;
  stop(): void;
}

export interface StatisticsOptions {
  store: Store;
  table: Pick<TaskTable, "live" | "onMove" | "committed">;
  clock: Clock;
  log: Log;
  onlinePeers(): number;
  worker(): StatsView["worker"];
}

export function createStatistics(options: StatisticsOptions): Statistics {
  const { store, table, clock, log } = options;
  let book = newBook();
  let complete = false;
  let stopped = false;
  let next: { book: Book; counted: Set<TaskId> } | undefined;
  let running: Promise<void> | undefined;
  let wanted: Promise<void> | undefined;

  const unlisten = table.onMove((record) => {
    if (!isTerminal(record.state)) return;
    const end = endOf(record, record.state);
    const nowAt = clock.now();
    countInBook(book, end, nowAt);
    if (next === undefined) return;
    countInBook(next.book, end, nowAt);
    next.counted.add(end.id);
  });

  /** What ends meanwhile is counted by its move: its row, found or not, is not counted again. */
  async function recount(): Promise<void> {
    const fresh = { book: newBook(), counted: new Set<TaskId>() };
    next = fresh;
    try {
      await table.committed();
      for await (const rows of endedTasks(store)) {
        if (stopped) return;
        const nowAt = clock.now();
        for (const row of rows) if (!fresh.counted.has(row.id)) countInBook(fresh.book, endOfRow(row), nowAt);
      }
      book = fresh.book;
      complete = true;
    } catch (error) {
      if (!stopped) log.warn({ err: error }, "could not count the tasks of the store");
    } finally {
      next = undefined;
    }
  }

  function rebuild(): Promise<void> {
    if (running === undefined) {
      running = recount().finally(() => (running = undefined));
      return running;
    }
    // What runs may have passed the rows that are gone now.
    wanted ??= running.then(() => {
      wanted = undefined;
      return rebuild();
    });
    return wanted;
  }

  function read({ window = "all", skill, peer }: StatsQuery = {}): StatsView {
    if (skill !== undefined && peer !== undefined)
      throw new ErrandError("InvalidInput", "statistics are kept by skill and by peer, not by both", {
        hint: "Ask for one of them.",
      });
    const nowAt = clock.now();
    const since = windowStart(window, nowAt);
    const live = countLive(table.live.values(), since);
    const view = (series: Series | undefined, open: number): TallyView =>
      viewTally(readSeries(series ?? newSeries(), window, nowAt), open);
    const skills = keysOf(book.skills, live.skills, skill, peer).map((id) =>
      Object.assign({ skill: id }, view(book.skills.get(id), live.skills.get(id) ?? 0)),
    );
    const peers = keysOf(book.peers, live.peers, peer, skill).map((id) =>
      Object.assign({ peer: id }, view(book.peers.get(id), live.peers.get(id) ?? 0)),
    );
    const { byState, byBand } = live;
    return {
      window,
      since: window === "all" ? null : new Date(since).toISOString(),
      complete,
      tasks: view(book.node, live.submitted),
      skills: skills.filter((one) => one.submitted > 0 || one.skill === skill).toSorted(mostFirst),
      peers: peers.filter((one) => one.submitted > 0 || one.peer === peer).toSorted(mostFirst),
      onlinePeers: options.onlinePeers(),
      live: { byState, byBand },
      worker: options.worker(),
    };
  }

  return {
    read,
    rebuild,
    stop() {
      stopped = true;
      unlisten();
    },
  };
}

/** `only` alone, none when something of the other kind is asked for, all otherwise. */
function keysOf(
  kept: ReadonlyMap<string, Series>,
  live: ReadonlyMap<string, number>,
  only: string | undefined,
  other: string | undefined,
): string[] {
  if (only !== undefined) return [only];
  return other === undefined ? [...new Set([...kept.keys(), ...live.keys()])] : [];
}

function mostFirst(a: TallyView, b: TallyView): number {
  return b.submitted - a.submitted;
}

interface LiveCounts {
  /** Submitted since the beginning of the window, in all, by skill and by the peer that has it. */
  submitted: number;
  skills: Map<string, number>;
  peers: Map<PeerIdText, number>;
  byState: Counts;
  byBand: StatsView["live"]["byBand"];
}

function countLive(records: Iterable<TaskRecord>, since: number): LiveCounts {
  const byBand = { low: {}, normal: {}, high: {}, critical: {} } as LiveCounts["byBand"];
  const live: LiveCounts = { submitted: 0, skills: new Map(), peers: new Map(), byState: {}, byBand };
  for (const { state, spec, peer, priority, createdAt } of records) {
    add(live.byState, state);
    add(byBand[BANDS[priority >> 6] ?? "critical"], state);
    if (createdAt < since) continue;
    live.submitted++;
    live.skills.set(spec.skill, (live.skills.get(spec.skill) ?? 0) + 1);
    if (peer !== "") live.peers.set(peer, (live.peers.get(peer) ?? 0) + 1);
  }
  return live;
}

function add(counts: Counts, state: TaskState): void {
  counts[state] = (counts[state] ?? 0) + 1;
}

function endOf(record: TaskRecord, state: TerminalState): CountedEnd {
  const { id, spec, peer, createdAt, updatedAt, finishedAt = updatedAt, usage, attemptsMade } = record;
  const wallMs = usage?.wallMs;
  const cached = state === "completed" && attemptsMade === 0;
  return { id, state, skill: spec.skill, peer, createdAt, finishedAt, wallMs, cached };
}

function endOfRow({ attemptsMade, wallMs, ...row }: EndedRow): CountedEnd {
  return {
    ...row,
    state: row.state as TerminalState,
    wallMs: wallMs ?? undefined,
    cached: row.state === "completed" && attemptsMade === 0,
  };
}
