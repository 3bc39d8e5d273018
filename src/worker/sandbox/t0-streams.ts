/** What a guest prints, inside its T0 child: bounded collectors, and standard error read line by line for progress. */
import { GuestFailure } from "./t0-messages.ts";

export interface Collector {
  write(chunk: Uint8Array): void;
  bytes(): Buffer;
}

/** Keeps all that is written. Throws `GuestFailure` beyond `mostBytes`: a flood ends the run. */
export function createCollector(mostBytes: number): Collector {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  return {
    write(chunk) {
      sizeBytes += chunk.length;
      if (sizeBytes > mostBytes)
        throw new GuestFailure("limit", `the output is larger than ${mostBytes} bytes`);
      chunks.push(new Uint8Array(chunk));
    },
    bytes: () => Buffer.concat(chunks),
  };
}

const lineBytes = 4_096;
const tailBytes = 8_192;

export interface ErrorStream {
  write(chunk: Uint8Array): void;
  /** The last lines that were no progress. */
  tail(): string;
}

/** Lines such as `{"progress":0.5,"message":"half"}` are reports, all others are log. Memory is bounded, size is not. */
export function createErrorStream(emit: {
  progress: (fraction: number, message: string) => void;
  log: (line: string) => void;
}): ErrorStream {
  const decoder = new TextDecoder();
  let rest = "";
  let tail = "";
  const line = (text: string): void => {
    if (text.trim() === "") return;
    const report = progressOf(text);
    if (report !== undefined) {
      emit.progress(report.progress, report.message);
      return;
    }
    tail = `${tail}${text}\n`.slice(-tailBytes);
    emit.log(text);
  };
  return {
    write(chunk) {
      // Decoded in pieces, so that a write of a hundred megabytes makes no string of that size.
      for (let at = 0; at < chunk.length; at += lineBytes) {
        const parts = (rest + decoder.decode(chunk.subarray(at, at + lineBytes), { stream: true })).split(
          "\n",
        );
        rest = parts.pop() ?? "";
        for (const part of parts) line(part);
        if (rest.length > lineBytes) {
          line(rest);
          rest = "";
        }
      }
    },
    tail: () => (rest === "" ? tail : `${tail}${rest}`).trim(),
  };
}

function progressOf(text: string): { progress: number; message: string } | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const { progress, message } = JSON.parse(text) as { progress?: unknown; message?: unknown };
    if (typeof progress !== "number") return undefined;
    return { progress, message: typeof message === "string" ? message : "" };
  } catch {
    return undefined;
  }
}
