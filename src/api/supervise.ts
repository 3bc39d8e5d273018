/**
 * The process around the daemon: signals stop it gracefully and in bounded time, a second signal at once; an error
 * that nobody caught takes the node down cleanly. A node that is half alive is worse than one that is gone.
 */
import type { Log } from "../core/log.ts";

export interface SuperviseOptions {
  log: Log;
  /** From the first signal to the hard end. */
  stopWithinMs?: number;
  /** Called at the first signal, with its name. */
  onSignal?: (name: string) => void;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs to the end and resolves with the exit code: 0, or 1 if an uncaught error ended it. Errors of `run` itself pass
 * through.
 */
export async function supervise(
  run: (signal: AbortSignal) => Promise<void>,
  { log, stopWithinMs = 15_000, onSignal }: SuperviseOptions,
): Promise<number> {
  const stop = new AbortController();
  let exitCode = 0;

  function stopInTime(): void {
    if (stop.signal.aborted) return;
    stop.abort();
    setTimeout(() => {
      log.error({ stopWithinMs }, "did not stop in time");
      process.exit(1);
    }, stopWithinMs).unref();
  }
  function byOperator(name: string): void {
    if (stop.signal.aborted) process.exit(1);
    onSignal?.(name);
    stopInTime();
  }
  function byError(error: unknown): void {
    exitCode = 1;
    log.fatal({ err: error }, "uncaught error: the node goes down");
    stopInTime();
  }
  // `errand up | head -1` closes our standard output: no reason to end.
  function byOutput(error: NodeJS.ErrnoException): void {
    if (error.code !== "EPIPE") byError(error);
  }

  for (const name of signals) process.on(name, byOperator);
  process.on("uncaughtException", byError);
  process.on("unhandledRejection", byError);
  process.stdout.on("error", byOutput);
  process.stderr.on("error", byOutput);
  try {
    await run(stop.signal);
    return exitCode;
  } finally {
    for (const name of signals) process.off(name, byOperator);
    process.off("uncaughtException", byError);
    process.off("unhandledRejection", byError);
    process.stdout.off("error", byOutput);
    process.stderr.off("error", byOutput);
  }
}
