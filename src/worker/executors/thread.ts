/**
 * What runs inside each worker thread: parse, check, run, check, write, so that none of it costs the network's thread
 * anything. A module is imported once per thread. The pool calls the default export; errors go back as data, because
 * cloning an Error loses its code.
 */
import { Console } from "node:console";
import v8 from "node:v8";
import { isMainThread, workerData } from "node:worker_threads";
import { move, transferableSymbol, valueSymbol } from "piscina";
import { ErrandError, toErrandError } from "../../core/errors.ts";
import { readInput } from "../../skills/input.ts";
import { defaultSkillSettings, type SkillSettings } from "../../skills/registry.ts";
import { createResolver } from "../../skills/resolve.ts";
import type { ExecutionOutput } from "../executor.ts";
import { createSkillContext, encodeOutput, parseOutput, skillError, toOutput } from "../output.ts";
import { createVoice } from "../pace.ts";
import type { ThreadAbort, ThreadReply, ThreadReport, ThreadRequest } from "./thread-messages.ts";

// Standard output belongs to results; what a skill prints is for the operator.
if (!isMainThread) {
  globalThis.console = new Console(process.stderr);
  process.stdout.write = process.stderr.write.bind(process.stderr);
}

const settings = (workerData as { settings?: SkillSettings } | null)?.settings ?? defaultSkillSettings;
const resolve = createResolver(settings);

export default async function handle(request: ThreadRequest): Promise<unknown> {
  const start = performance.now();
  const cpu = process.threadCpuUsage();
  try {
    const output = await produce(request);
    const used = process.threadCpuUsage(cpu);
    const heap = v8.getHeapStatistics();
    return moved({
      output,
      usage: {
        wallMs: performance.now() - start,
        cpuMs: (used.user + used.system) / 1000,
        // What this thread's heap has grown to: at least the run's own peak, as V8 hardly gives back while it is busy.
        peakMemoryBytes: heap.total_heap_size + heap.external_memory,
      },
    });
  } catch (error) {
    return { error: toErrandError(error).toJSON() } satisfies ThreadReply;
  }
}

function produce(request: ThreadRequest): ExecutionOutput | Promise<ExecutionOutput> {
  switch (request.kind) {
    case "run":
      return run(request);
    case "input":
      return prepare(request);
    case "output": {
      const value = parseOutput(request.definition, request.bytes);
      return json(encodeOutput(request.definition, value, request.outputBytes));
    }
  }
}

async function prepare(request: Extract<ThreadRequest, { kind: "input" }>): Promise<ExecutionOutput> {
  const value = await readInput(request.definition, request.input, request.inputPath, request.scratchDir);
  return json(Buffer.from(JSON.stringify(value)));
}

async function run(request: Extract<ThreadRequest, { kind: "run" }>): Promise<ExecutionOutput> {
  const { skill, port, scratchDir } = request;
  const stop = new AbortController();
  port.on("message", ({ abort }: ThreadAbort) => stop.abort(ErrandError.fromJSON(abort)));
  const report = (message: ThreadReport): void => port.postMessage(message);
  const voice = createVoice({
    progress: (progress, message) => report({ progress, message }),
    log: (log) => report({ log }),
  });
  try {
    const code = await resolve(skill);
    const input = await readInput(skill.definition, request.input, request.inputPath, scratchDir);
    const { context, outputs } = createSkillContext({
      signal: stop.signal,
      deadline: request.deadline,
      scratchDir: () => scratchDir,
      progress: (fraction, message) => voice.progress(fraction, message),
      log: (message) => voice.log(message),
    });
    stop.signal.throwIfAborted();
    let value: unknown;
    try {
      value = await code.run(input, context);
    } catch (error) {
      throw skillError(error);
    }
    return await toOutput(skill.definition, value, outputs(), request.outputBytes);
  } catch (error) {
    throw error instanceof ErrandError ? error : skillError(error);
  } finally {
    voice.stop();
    port.close();
  }
}

function json(bytes: Uint8Array): ExecutionOutput {
  return { bytes, type: "application/json" };
}

/** The reply with its bytes transferred, not copied. Small buffers are slices of a shared pool, which cannot move. */
function moved(reply: { output: ExecutionOutput; usage: object }): unknown {
  const { output } = reply;
  if (output.bytes === undefined) return reply;
  const { bytes } = output;
  const own = bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
  const value = { ...reply, output: { bytes: own, type: output.type } };
  return move({ [transferableSymbol]: [own.buffer], [valueSymbol]: value });
}
