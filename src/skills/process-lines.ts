/**
 * What a skill process writes, cut into lines: messages on standard output, words for the operator on standard error. Both are
 * bounded in size and in rate, since they are read on the node's own thread.
 */
import type { Readable } from "node:stream";
import type { Clock } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import { readMessage, type FromProcess } from "./process-messages.ts";

/** The last words say what was wrong; with the rest of the sentence they fit into a message. */
const tailCharacters = 300;
const stderrLineCharacters = 4_096;
/** Progress and log that are read of one process in a second; then its output waits. Results are bounded by the runs. */
const chatterPerSecond = 2_000;
const breathMs = 100;

/** Cuts standard output into messages. A line over the bound, or one that makes no sense, ends the process. */
export function readStdout(
  stdout: Readable,
  clock: Clock,
  breakOff: (why: string) => void,
  onMessage: (message: FromProcess) => void,
): void {
  let parts: Buffer[] = [];
  let heldBytes = 0;
  let broken = false;
  let chatter = 0;
  let windowMs = clock.monotonic();
  const wrong = (why: string): void => {
    broken = true;
    parts = [];
    breakOff(why);
  };
  const line = (bytes: Buffer): void => {
    if (bytes.length === 0) return;
    let message: FromProcess | undefined;
    try {
      message = readMessage(bytes.toString("utf8"));
    } catch (error) {
      return wrong(`it wrote ${(error as Error).message}`);
    }
    if (message === undefined) return;
    if (message.type === "progress" || message.type === "log") chatter += 1;
    onMessage(message);
  };
  stdout.on("data", (chunk: Buffer) => {
    for (let from = 0; from < chunk.length && !broken;) {
      const to = chunk.indexOf(0x0a, from);
      const piece = chunk.subarray(from, to === -1 ? chunk.length : to);
      heldBytes += piece.length;
      if (heldBytes > limits.processLineBytes)
        return wrong(`it wrote a line of more than ${limits.processLineBytes} bytes`);
      parts.push(piece);
      if (to === -1) return;
      const whole = parts.length === 1 ? piece : Buffer.concat(parts);
      parts = [];
      heldBytes = 0;
      line(whole);
      from = to + 1;
    }
    const now = clock.monotonic();
    if (now - windowMs > 1_000) {
      windowMs = now;
      chatter = 0;
    } else if (chatter > chatterPerSecond) {
      stdout.pause();
      clock.after(breathMs, () => stdout.resume());
    }
  });
  stdout.on("error", () => {});
}

/** Lines of standard error, and the last of them for the message of an error. */
export function readStderr(stderr: Readable, onLine: (line: string) => void): { tail(): string } {
  let rest = "";
  let tail = "";
  const line = (text: string): void => {
    const trimmed = text.trim();
    if (trimmed === "") return;
    tail = `${tail} ${trimmed}`.slice(-tailCharacters);
    onLine(trimmed.slice(0, stderrLineCharacters));
  };
  stderr.setEncoding("utf8");
  stderr.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = (lines.pop() ?? "").slice(0, stderrLineCharacters);
    for (const text of lines) line(text);
  });
  stderr.on("end", () => line(rest));
  stderr.on("error", () => {});
  return { tail: () => tail.trim() };
}
