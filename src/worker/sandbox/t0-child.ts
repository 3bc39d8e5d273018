/**
 * What runs inside a T0 child: one guest, once, and then the process ends. The engine is up before the request comes, so that a
 * child can be kept warm. Its arguments are the kind of guest (`javascript`, `python`, `wasm`) and the bounds.
 */
import { readSync, writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { createFrameReader, encodeFrame, messageFrame, type Frame } from "./t0-frames.ts";
import {
  GuestFailure,
  type ScriptProgram,
  type T0Bounds,
  type T0Ending,
  type T0Message,
  type T0Request,
} from "./t0-messages.ts";
import { createCollector, createErrorStream, type Collector, type ErrorStream } from "./t0-streams.ts";

const pageBytes = 65_536;
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

function progress(fraction: number, message: string): void {
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

interface Done {
  result: Uint8Array;
  exitCode: number;
}

type Streams = { stdout: Collector; stderr: ErrorStream };

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("utf8");

/** Processor time before the request is the node's, not the guest's. */
let before: NodeJS.CpuUsage | undefined;

/** A request for another kind of guest than this child was started for has nothing to run. */
function receiveFor(kind: T0Request["kind"]): { request: T0Request; attachments: Uint8Array[] } {
  // The node ends this process as soon as it has its answer: what was compiled is kept now, if it was not known yet.
  flushCompileCache();
  const received = receive();
  before = process.cpuUsage();
  if (received.request.kind !== kind) throw new GuestFailure("refused", "a request of another kind");
  return received;
}

async function javascript(bounds: T0Bounds, { stdout, stderr }: Streams): Promise<Done> {
  const { bootJavaScript } = await import("./t0-javascript.ts");
  const run = await bootJavaScript({
    memoryBytes: bounds.memoryPages * pageBytes,
    outputBytes: bounds.outputBytes,
    print: (line, stream) => (stream === "stdout" ? stdout : stderr).write(Buffer.from(`${line}\n`)),
    progress,
  });
  const { attachments } = receiveFor("script");
  const { form, code, input } = JSON.parse(text(attachments[0])) as ScriptProgram;
  const result = await run({ form, code, input: JSON.stringify(input) });
  return { result: Buffer.from(result), exitCode: 0 };
}

async function python(bounds: T0Bounds, { stdout, stderr }: Streams): Promise<Done> {
  const { runPython } = await import("./t0-python.ts");
  const result = runPython({
    program: () => receiveFor("script").attachments[0] ?? new Uint8Array(),
    outputBytes: bounds.outputBytes,
    scratchBytes: bounds.scratchBytes,
    memoryPages: bounds.memoryPages,
    stdout: (chunk) => stdout.write(chunk),
    stderr: (chunk) => stderr.write(chunk),
    tail: () => stderr.tail(),
  });
  return { result: Buffer.from(result), exitCode: 0 };
}

async function wasm(bounds: T0Bounds, { stdout, stderr }: Streams): Promise<Done> {
  const [{ runWasi }, { createGuestFiles }] = await Promise.all([
    import("./t0-wasi.ts"),
    import("./t0-files.ts"),
  ]);
  const { request, attachments } = receiveFor("wasm");
  const [bytes = new Uint8Array(), stdin = new Uint8Array()] = attachments;
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(new Uint8Array(bytes));
  } catch (error) {
    throw new GuestFailure("refused", (error as Error).message);
  }
  const exitCode = runWasi({
    module,
    argv: request.kind === "wasm" ? request.argv : [],
    stdin: () => stdin,
    stdout: (chunk) => stdout.write(chunk),
    stderr: (chunk) => stderr.write(chunk),
    files: createGuestFiles({}, ["/tmp"], bounds.scratchBytes),
    memoryPages: bounds.memoryPages,
  });
  return { result: stdout.bytes(), exitCode };
}

const kinds: Record<string, (bounds: T0Bounds, streams: Streams) => Promise<Done>> = {
  javascript,
  python,
  wasm,
};

async function main(kind: string, bounds: T0Bounds): Promise<void> {
  const run = kinds[kind];
  if (run === undefined) process.exit(2);
  const streams = {
    stdout: createCollector(bounds.outputBytes),
    stderr: createErrorStream({ progress, log }),
  };
  let ending: T0Ending;
  try {
    const { result, exitCode } = await run(bounds, streams);
    write(encodeFrame("bytes", result));
    // What a module prints is its result already.
    const stdout = kind === "wasm" ? "" : text(streams.stdout.bytes());
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

await main(process.argv[2] ?? "", JSON.parse(process.argv[3] ?? "{}") as T0Bounds);
