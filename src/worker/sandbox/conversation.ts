/**
 * The talk with a started process: input in, bounded output out, its reports and its log passed on, and an end that leaves
 * nothing behind, whoever calls for it. It knows neither how the process was started nor what its output means.
 */
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { readStderr } from "../executors/stderr.ts";
import { tooLarge } from "../output.ts";
import type { Voice } from "../pace.ts";
import type { Launched } from "./launch.ts";
import type { TreeUsage } from "./rss-watch.ts";

export interface Conversation {
  stdin: Uint8Array;
  outputBytes: number;
  /** Of the run; beyond it the process is ended and the talk throws `LimitExceeded`. */
  wallMs?: number;
  voice: Voice;
  /** Ends the process: asked first, then by force. */
  signal: AbortSignal;
  /** Ends it by force. */
  kill: AbortSignal;
  clock: Clock;
}

export interface Said {
  code: number | null;
  how: NodeJS.Signals | null;
  stdout: Buffer;
  /** The last lines of standard error that were no reports. */
  tail: string;
  usage: TreeUsage;
}

/** Resolves when nothing of the process is left. Throws `LimitExceeded` or the reason of `signal`. */
export async function converse(launched: Launched, talk: Conversation): Promise<Said> {
  const { clock, signal, kill } = talk;
  let broken: ErrandError | undefined;
  const stop = (error: ErrandError): void => {
    broken ??= error;
    launched.kill();
  };
  const stdout = collect(launched, talk.outputBytes, () => stop(tooLarge(undefined, talk.outputBytes)));
  const stderr = readStderr(launched.stderr, talk.voice);
  if (launched.reports !== undefined) readStderr(launched.reports, talk.voice);
  launched.stdin.end(talk.stdin);

  let cancelKill = (): void => {};
  const killNow = (): void => launched.kill();
  const abort = (): void => {
    launched.terminate();
    cancelKill = clock.after(limits.cancelKillMs, killNow);
  };
  const cancelWall = clock.after(talk.wallMs ?? 2 ** 31, () => stop(lateError(talk.wallMs ?? 0)));
  signal.addEventListener("abort", abort, { once: true });
  kill.addEventListener("abort", killNow, { once: true });
  if (signal.aborted) abort();
  if (kill.aborted) killNow();
  try {
    const { code, how } = await ended(launched, clock);
    const { breach, ...usage } = await launched.finish();
    if (signal.aborted) throw signal.reason;
    if (breach !== undefined) throw limitError(breach);
    if (broken !== undefined) throw broken;
    return { code, how, stdout: stdout(), tail: stderr.tail(), usage };
  } finally {
    cancelKill();
    cancelWall();
    talk.voice.stop();
    signal.removeEventListener("abort", abort);
    kill.removeEventListener("abort", killNow);
  }
}

function collect(launched: Launched, most: number, flooded: () => void): () => Buffer {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  launched.stdout.on("data", (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes <= most) chunks.push(chunk);
    else flooded();
  });
  return () => Buffer.concat(chunks);
}

/** A process that outlives its leader may hold the pipes open: they get this long to run dry. */
const drainMs = 500;

function ended(
  launched: Launched,
  clock: Clock,
): Promise<{ code: number | null; how: NodeJS.Signals | null }> {
  const { promise, resolve } = Promise.withResolvers<{ code: number | null; how: NodeJS.Signals | null }>();
  let cancelDrain = (): void => {};
  launched.child.once("exit", () => {
    launched.kill();
    cancelDrain = clock.after(drainMs, () => {
      for (const stream of launched.child.stdio) stream?.destroy();
    });
  });
  launched.child.once("close", (code, how) => {
    cancelDrain();
    resolve({ code, how });
  });
  return promise;
}

export function limitError(message: string): ErrandError {
  return new ErrandError("LimitExceeded", message, {
    hint: "Give it less to do, or ask for more, as far as the operator grants it.",
  });
}

export function lateError(wallMs: number): ErrandError {
  return new ErrandError("LimitExceeded", `it was not done within the ${wallMs / 1_000} s that it may take`, {
    hint: "Give it less to do, or ask for more time, as far as the operator grants it.",
  });
}
