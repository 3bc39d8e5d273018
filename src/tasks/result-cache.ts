/**
 * Results of deterministic skills, for tasks that ask for exactly the same again; and, in front of it, tasks in flight that
 * do (in-flight.ts). It fills itself from the ends of tasks and never holds a result of one that failed.
 *
 * The index is in memory, least recently used first; outputs are where there is room: in memory, else in the store, or as
 * blobs. Rows are written behind, a few at a time: a flood of different tasks must not double the writes of the node, and
 * what a crash loses here is run again.
 */
import { bodySizeBytes, type Body } from "../core/body.ts";
import type { Clock } from "../core/clock.ts";
import type { PeerIdText, TaskId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import { VersionMatches } from "../routing/version-match.ts";
import {
  cachedEntries,
  cachedOutput,
  deleteCached,
  putCached,
  touchCached,
} from "../storage/result-cache.ts";
import type { Store } from "../storage/store.ts";
import { keyText, resultKey, sharedKey } from "./cache-key.ts";
import { createCacheIndex, type IndexEntry } from "./cache-index.ts";
import type { DeterministicVersions } from "./determinism.ts";
import { createInFlight, type FollowerEnd } from "./in-flight.ts";
import type { TaskRecord } from "./record.ts";
import { isTerminal } from "./states.ts";
import type { TaskTable } from "./table.ts";
import type { TaskSpec } from "./task.ts";

export interface CachedResult {
  output: Body;
  outputHash: Uint8Array;
  executedVersion: string;
  /** Where the result is from; the task may be gone by now. */
  taskId: TaskId;
  peer: PeerIdText | "";
}

export interface ResultCache {
  /**
   * A result for exactly this skill, input type and input, in a version that the task allows and that is still offered, by a
   * worker that it would accept. The promise of nothing is always the same one.
   */
  find(record: TaskRecord): Promise<CachedResult | undefined>;
  /** The live task that does exactly the same, or undefined. Not `record` itself. */
  twin(record: TaskRecord): TaskRecord | undefined;
  /** Holds `record` (in `pending`, not in the queue) while its twin is under way; calls one of `end` in the turn of the twin's end. */
  follow(record: TaskRecord, twin: TaskRecord, end: FollowerEnd): void;
  /** Takes up what the store holds; before this nothing is found there. Resolves when it is done. */
  start(): Promise<void>;
  /** Forgets everything, in the store too. Resolves with the number of results, on disk. */
  clear(): Promise<number>;
  readonly size: number;
  /** Writes what waits to be written, and listens no more. */
  stop(): void;
}

export interface ResultCacheOptions {
  store: Store;
  table: Pick<TaskTable, "onMove">;
  versions: DeterministicVersions;
  isBlocked(peer: PeerIdText): boolean;
  hasBlob(hash: string): Promise<boolean>;
  clock: Clock;
  log: Log;
  /** What took less is not kept: running it again costs less than not knowing who did it. */
  worthMs: number;
  /** Average run of a skill, 0 when unknown: tasks in flight are shared when it is worth it. */
  expectedMs(skill: string): number;
  ttlMs: number;
  /** 0 keeps nothing; tasks in flight are shared all the same. */
  entries: number;
  maxBytes: number;
}

const nothing: Promise<undefined> = Promise.resolve(undefined);
const writeEveryMs = 1_000;
// At most so many rows a second: beside ten thousand tasks a second it is not to be noticed.
const writtenAtOnce = 500;

export function createResultCache(options: ResultCacheOptions): ResultCache {
  const { store, versions, clock, log } = options;
  const ranges = new VersionMatches();
  const index = createCacheIndex({
    entries: options.entries,
    maxBytes: options.maxBytes,
    heldBytes: limits.cacheHeldBytes,
    changed,
  });
  const inFlight = createInFlight((record) =>
    isShared(record.spec) && isPlain(record.spec) ? sharedKey(record) : undefined,
  );
  // Keys whose row differs from the index: written when their turn comes, or deleted if the entry has gone by then.
  const dirty = new Map<string, "put" | "touch">();
  let cancelWrite: (() => void) | undefined;
  let loading: Promise<void> | undefined;

  const unlisten = options.table.onMove((record) => {
    if (!record.spec.cache) return;
    inFlight.moved(record);
    if (record.state === "completed" && !record.cached) keep(record);
  });

  function isShared({ cache, skill }: TaskRecord["spec"]): boolean {
    return cache && options.expectedMs(skill) >= options.worthMs && versions(skill) !== undefined;
  }

  function keep(record: TaskRecord): void {
    const { output, outputHash } = record;
    if ((record.usage?.wallMs ?? 0) < options.worthMs) return;
    if (options.entries === 0 || output === undefined || outputHash === undefined) return;
    if (versions(record.spec.skill)?.includes(record.executedVersion) !== true) return;
    const sizeBytes = bodySizeBytes(output);
    if (sizeBytes > options.maxBytes / 16) return;
    const now = clock.now();
    const key = resultKey(record, record.executedVersion);
    index.put({
      key,
      skill: record.spec.skill,
      taskId: record.id,
      peer: record.peer,
      minTrust: record.spec.minTrust,
      executedVersion: record.executedVersion,
      outputBlob: output.blob?.hash ?? "",
      outputSize: sizeBytes,
      outputType: output.type,
      outputHash: new Uint8Array(outputHash),
      createdAt: now,
      usedAt: now,
      expiresAt: now + options.ttlMs,
      stored: false,
      // A copy: the bytes may be a part of a whole read from the network, which would stay with them.
      held: output.bytes === undefined ? undefined : new Uint8Array(output.bytes),
    });
  }

  function find(record: TaskRecord): Promise<CachedResult | undefined> {
    if (!record.spec.cache) return nothing;
    if (loading !== undefined) return loading.then(() => look(record));
    return index.holds(record.spec.skill) ? look(record) : nothing;
  }

  function look(record: TaskRecord): Promise<CachedResult | undefined> {
    const { spec } = record;
    const allowed = ranges.of(spec.skillVersion);
    for (const version of versions(spec.skill) ?? []) {
      if (!allowed(version)) continue;
      const entry = index.get(keyText(resultKey(record, version)));
      if (entry !== undefined && serves(entry, record)) return resultOf(entry);
    }
    return nothing;
  }

  function serves(entry: IndexEntry, { spec }: TaskRecord): boolean {
    if (entry.expiresAt <= clock.now()) {
      index.remove(entry);
      return false;
    }
    return (
      entry.minTrust >= spec.minTrust &&
      (spec.peer === undefined || spec.peer === entry.peer) &&
      !options.isBlocked(entry.peer)
    );
  }

  async function resultOf(entry: IndexEntry): Promise<CachedResult | undefined> {
    const output = await outputOf(entry).catch((error: unknown) => {
      log.warn({ err: error }, "could not read a cached result");
      return undefined;
    });
    if (output === undefined) {
      index.remove(entry);
      return undefined;
    }
    index.use(entry, clock.now());
    const { outputHash, executedVersion, taskId, peer } = entry;
    return { output, outputHash, executedVersion, taskId, peer };
  }

  async function outputOf(entry: IndexEntry): Promise<Body | undefined> {
    const { outputBlob: hash, outputSize: sizeBytes, outputType: type } = entry;
    if (hash !== "") return (await options.hasBlob(hash)) ? { blob: { hash, sizeBytes }, type } : undefined;
    const bytes = entry.held ?? (await cachedOutput(store, entry.key));
    if (bytes === undefined) return undefined;
    index.hold(entry, bytes);
    return { bytes, type };
  }

  function changed(key: string, how: "put" | "touch"): void {
    if (how === "put" || !dirty.has(key)) dirty.set(key, how);
    cancelWrite ??= clock.after(writeEveryMs, () => write(writtenAtOnce));
  }

  function write(most: number): void {
    cancelWrite?.();
    cancelWrite = undefined;
    let left = most;
    for (const [key, how] of dirty) {
      if (left-- <= 0) break;
      dirty.delete(key);
      const entry = index.get(key);
      if (entry === undefined) deleteCached(store, Buffer.from(key, "latin1"));
      else if (how === "touch" && entry.stored) touchCached(store, entry.key, entry.usedAt);
      else if (!entry.stored) {
        putCached(store, entry, entry.held ?? null);
        entry.stored = true;
      }
    }
    if (dirty.size > 0) cancelWrite = clock.after(writeEveryMs, () => write(writtenAtOnce));
  }

  async function load(): Promise<void> {
    const now = clock.now();
    for await (const row of cachedEntries(store)) {
      if (row.expiresAt <= now) deleteCached(store, row.key);
      else index.adopt({ ...row, stored: true, held: undefined });
    }
  }

  return {
    find,
    twin: (record) => (isTerminal(record.state) ? undefined : inFlight.twin(record)),
    follow: (record, twin, end) => inFlight.follow(record, twin, end),
    async start() {
      if (options.entries === 0) return;
      loading = load().catch((error: unknown) =>
        log.warn({ err: error }, "could not read the cached results"),
      );
      await loading;
      loading = undefined;
    },
    async clear() {
      await loading;
      const { size } = index;
      index.clear();
      while (dirty.size > 0) {
        write(writtenAtOnce);
        await store.committed();
      }
      await store.committed();
      return size;
    },
    get size() {
      return index.size;
    },
    stop() {
      unlisten();
      write(writtenAtOnce);
      cancelWrite?.();
    },
  };
}

/** Asks for nothing special of who runs it: another that does may wait for a machine that this one does not need. */
function isPlain({ requirements, maxPrice, verify }: TaskSpec): boolean {
  return maxPrice === undefined && verify === undefined && Object.keys(requirements).length === 0;
}
