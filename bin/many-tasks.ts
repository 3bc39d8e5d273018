/**
 * Many tasks from one command: so many at once, each submitted and waited for in one request. The first Ctrl-C submits no more and
 * waits for what is out, the second leaves it to the node.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { SubmissionJson } from "../src/api/submission.ts";
import { ErrandError, toErrandError } from "../src/core/errors.ts";
import { limits } from "../src/core/limits.ts";
import type { TaskView } from "../src/node/node.ts";
import { segment, type Cli } from "./cli.ts";
import { onInterrupts } from "./interrupts.ts";
import { duration, note } from "./output.ts";
import { bar, createProgressLine } from "./progress-line.ts";

export interface Piece<T> {
  what: T;
  /** Throws what is wrong with this piece alone. */
  body(): Promise<SubmissionJson> | SubmissionJson;
}

/** How a piece ended: its task, or why there is none. */
export type PieceEnd = TaskView | ErrandError;

export interface ManyOptions<T> {
  concurrency: number;
  /** For the progress; undefined when nobody knows. */
  total: number | undefined;
  done(what: T, end: PieceEnd): Promise<void> | void;
}

export interface Many {
  successful: number;
  failed: number;
  interrupted: boolean;
}

// What concerns the node and not the piece: the command ends, and can be run again.
const fatal: ReadonlySet<string> = new Set([
  "NodeUnreachable",
  "Unauthorized",
  "ShuttingDown",
  "StorageFailed",
  "Internal",
]);
const lineMs = 5_000;
const pictureMs = 200;

export function isSuccess(end: PieceEnd): boolean {
  return !(end instanceof ErrandError) && end.status === "completed";
}

/** Throws what ends the command. */
export async function runMany<T>(
  cli: Cli,
  pieces: AsyncIterable<Piece<T>> | Iterable<Piece<T>>,
  options: ManyOptions<T>,
): Promise<Many> {
  const leave = new AbortController();
  const result: Many = { successful: 0, failed: 0, interrupted: false };
  let out = 0;
  const interrupts = onInterrupts((count) => {
    result.interrupted = true;
    if (count > 1) leave.abort();
    else note(`\nStopping: waiting for ${out} running tasks. Press Ctrl-C again to leave them to the node.`);
  });
  const source = (async function* () {
    yield* pieces;
  })();
  const show = showProgress(options.total, () => ({ ...result, out }));

  async function work(): Promise<void> {
    for (;;) {
      if (result.interrupted || leave.signal.aborted) return;
      const next = await source.next();
      if (next.done === true) return;
      out++;
      const end = await runPiece(cli, next.value, leave.signal).finally(() => out--);
      if (isSuccess(end)) result.successful++;
      else result.failed++;
      await options.done(next.value.what, end);
    }
  }

  try {
    await Promise.all(
      Array.from({ length: options.concurrency }, () =>
        work().catch((error: unknown) => {
          leave.abort(error);
          throw error;
        }),
      ),
    );
  } catch (error) {
    if (!result.interrupted || error instanceof ErrandError) throw error;
  } finally {
    show.end();
    interrupts.end();
  }
  return result;
}

async function runPiece<T>(cli: Cli, piece: Piece<T>, signal: AbortSignal): Promise<PieceEnd> {
  try {
    return await finish(cli, await submitted(cli, await piece.body(), signal), signal);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const error = toErrandError(thrown);
    if (fatal.has(error.code)) throw error;
    return error;
  }
}

/** A full queue is no reason to fail: whoever runs many waits for room. */
async function submitted(cli: Cli, body: SubmissionJson, signal: AbortSignal): Promise<TaskView> {
  for (;;) {
    try {
      return await cli.client.call<TaskView>("POST", "/v1/tasks", {
        body,
        query: { wait: limits.apiWaitMs / 1_000 },
        signal,
        timeoutMs: limits.apiWaitMs + 15_000,
      });
    } catch (error) {
      if (!(error instanceof ErrandError) || (error.code !== "QueueFull" && error.code !== "RateLimited"))
        throw error;
      await delay(error.retryAfterMs ?? 1_000, undefined, { signal });
    }
  }
}

async function finish(cli: Cli, task: TaskView, signal: AbortSignal): Promise<TaskView> {
  let view = task;
  while (view.finishedAt === null)
    view = await cli.client.call<TaskView>("GET", `/v1/tasks/${segment(task.id)}/wait`, {
      query: { timeout: limits.apiWaitMs / 1_000 },
      signal,
      timeoutMs: limits.apiWaitMs + 15_000,
    });
  return view;
}

/** A line drawn over itself on a terminal, a line now and then elsewhere. */
function showProgress(total: number | undefined, look: () => Many & { out: number }): { end(): void } {
  const startedMs = performance.now();
  const line = process.stderr.isTTY ? createProgressLine(process.stderr) : undefined;
  const timer = setInterval(
    () => {
      const { successful, failed, out } = look();
      const done = successful + failed;
      const elapsedMs = performance.now() - startedMs;
      const parts =
        total === undefined ? [`${done} done`] : [bar(total === 0 ? 1 : done / total), `${done} of ${total}`];
      parts.push(`${out} running`);
      if (failed > 0) parts.push(`${failed} failed`);
      if (done > 0) parts.push(`${((done / elapsedMs) * 1_000).toFixed(1)}/s`);
      if (done > 0 && total !== undefined)
        parts.push(`${duration((elapsedMs / done) * (total - done))} left`);
      if (line === undefined) note(parts.join("  "));
      else line.say(parts.join("  "));
    },
    line === undefined ? lineMs : pictureMs,
  );
  return {
    end() {
      clearInterval(timer);
      line?.clear();
    },
  };
}
