/**
 * What runs inside a T0 child: one guest, once, and then the process ends. The engine is up before the request comes, so that a
 * child can be kept warm. There is a program for each kind of guest (`t0-*-child.ts`); its argument is a `T0Start`.
 */
import { readSync, writeSync } from "node:fs";
import { createFrameReader, encodeFrame, messageFrame, type Frame } from "./t0-frames.ts";
import { GuestFailure, type T0Ending, type T0Message, type T0Request, type T0Start } from "./t0-messages.ts";
import { createCollector, createErrorStream, type Collector, type ErrorStream } from "./t0-streams.ts";

const requestBytes = 2 ** 31;

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Standard streams are pipes that may be busy: asked again a moment later. Whole calls, because the guest never yields. */
function retrying(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

function write(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += retrying(() => writeSync(1, bytes, at));
}

const send = (message: T0Message): void => write(messageFrame(message));

/** The request and its attachments. Ends the process when the node is gone. */
function receive(): { request: T0Request; attachments: Uint8Array[] } {
  const read = createFrameReader(requestBytes);
  const chunk = Buffer.alloc(256 * 1024);
  const frames: Frame[] = [];
  for (;;) {
    const [first] = frames;
    if (first !== undefined) {
      const request = JSON.parse(Buffer.from(first.payload).toString("utf8")) as T0Request;
      if (frames.length > request.attachments) {
        return { request, attachments: frames.slice(1).map(({ payload }) => payload) };
      }
    }
    const sizeBytes = retrying(() => readSync(0, chunk));
    if (sizeBytes === 0) process.exit(0);
    frames.push(...read(new Uint8Array(chunk.subarray(0, sizeBytes))));
  }
}

// Progress comes at most so often; the node paces it again, this spares the pipe.
const reportGapMs = 10;
let reportedAt = -Infinity;

export function progress(fraction: number, message: string): void {
  const now = performance.now();
  if (now - reportedAt < reportGapMs) return;
  reportedAt = now;
  send({ report: { progress: fraction, message: message.slice(0, 1_000) } });
}

let lines = 0;
const mostLines = 200;

function log(line: string): void {
  lines += 1;
  if (lines <= mostLines) send({ log: line.slice(0, 1_000) });
}

/** What a guest's run came to; what it printed is told with it. */
export interface Done {
  result: Uint8Array;
  exitCode: number;
  stdout: string;
}

export interface GuestStreams {
  stdout: Collector;
  stderr: ErrorStream;
}

export const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("utf8");

/** Processor time before the request is the node's, not the guest's. */
let before: NodeJS.CpuUsage | undefined;

/** A request for another kind of guest than this child was started for has nothing to run. */
export function receiveFor<K extends T0Request["kind"]>(
  kind: K,
): { request: Extract<T0Request, { kind: K }>; attachments: Uint8Array[] } {
  const { request, attachments } = receive();
  before = process.cpuUsage();
  if (!isFor(request, kind)) throw new GuestFailure("refused", "a request of another kind");
  return { request, attachments };
}

function isFor<K extends T0Request["kind"]>(
  request: T0Request,
  kind: K,
): request is Extract<T0Request, { kind: K }> {
  return request.kind === kind;
}

/** Runs the one guest of this process, and ends it. */
export async function serve(run: (start: T0Start, streams: GuestStreams) => Promise<Done>): Promise<void> {
  const start = JSON.parse(process.argv[2] ?? "{}") as T0Start;
  const streams = {
    stdout: createCollector(start.outputBytes),
    stderr: createErrorStream({ progress, log }),
  };
  let ending: T0Ending;
  try {
    const { result, exitCode, stdout } = await run(start, streams);
    write(encodeFrame("bytes", result));
    ending = { ok: true, exitCode, stdout, stderr: streams.stderr.tail() };
  } catch (error) {
    const { reason, message } =
      error instanceof GuestFailure ? error : new GuestFailure("failed", String(error));
    ending = { ok: false, reason, message: message.slice(0, 2_000) };
  }
  const used = process.cpuUsage(before);
  send({
    end: ending,
    cpuMs: (used.user + used.system) / 1_000,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1_024,
  });
  process.exit(0);
}
