/**
 * A command's standard error: lines of JSON such as `{"progress":0.5,"message":"half"}` are progress, all others are log.
 * Lines and memory are bounded; the tail is kept for the error message.
 */
import type { Readable } from "node:stream";
import type { Voice } from "../pace.ts";

const lineCharacters = 4_096;
const tailCharacters = 400;

export function readStderr(stream: Readable, voice: Voice): { tail(): string } {
  let rest = "";
  let tail = "";
  const line = (text: string): void => {
    const trimmed = text.trim();
    if (trimmed === "") return;
    const report = progressOf(trimmed);
    if (report !== undefined) {
      voice.progress(report.progress, report.message);
      return;
    }
    tail = `${tail} ${trimmed}`.slice(-tailCharacters);
    voice.log(trimmed);
  };
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) line(part);
    if (rest.length > lineCharacters) {
      line(rest.slice(0, lineCharacters));
      rest = "";
    }
  });
  stream.on("end", () => line(rest));
  stream.on("error", () => {});
  return { tail: () => tail.trim() };
}

function progressOf(line: string): { progress: number; message: string } | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const { progress, message } = JSON.parse(line) as { progress?: unknown; message?: unknown };
    if (typeof progress !== "number") return undefined;
    return { progress, message: typeof message === "string" ? message : "" };
  } catch {
    return undefined;
  }
}
