/**
 * Holds back code that talks too much: progress at most so often (the newest wins, and is never lost for good), log
 * lines so many in a run. What a skill says must not become load on the network or the disk.
 */
import { inspect } from "node:util";

/** Twenty a second is smooth for people; a frame each is nothing for the session. */
const progressGapMs = 50;
/** Log lines of one run; then one that says so. */
const logLines = 200;
const logCharacters = 1_000;

/** What an operator's JavaScript passes may be anything. */
export interface Voice {
  progress(fraction: unknown, message: unknown): void;
  log(message: unknown): void;
  /** What is held back is dropped. */
  stop(): void;
}

export function createVoice(
  emit: { progress: (fraction: number, message: string) => void; log: (line: string) => void },
  nowMs: () => number = () => performance.now(),
): Voice {
  let lastMs = -Infinity;
  let held: [fraction: number, message: string] | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lines = 0;
  const flush = (): void => {
    timer = undefined;
    if (held === undefined) return;
    lastMs = nowMs();
    const [fraction, message] = held;
    held = undefined;
    emit.progress(fraction, message);
  };
  return {
    progress(fraction, message) {
      held = [typeof fraction === "number" ? fraction : NaN, textOf(message)];
      const waitMs = lastMs + progressGapMs - nowMs();
      if (waitMs <= 0) {
        clearTimeout(timer);
        flush();
      } else {
        timer ??= setTimeout(flush, waitMs).unref();
      }
    },
    log(message) {
      lines += 1;
      if (lines < logLines) emit.log(textOf(message));
      else if (lines === logLines) emit.log("more lines than one run may log; the rest is left out");
    },
    stop: () => clearTimeout(timer),
  };
}

function textOf(message: unknown): string {
  return (typeof message === "string" ? message : inspect(message)).slice(0, logCharacters);
}
