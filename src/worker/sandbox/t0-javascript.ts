/**
 * JavaScript of a peer's inside a T0 child, by QuickJS in WebAssembly. It gets its input as JSON and gives back JSON; between
 * them it has the language and nothing else: no files, no network, no timers, no host objects but functions of strings.
 */
import { readFileSync } from "node:fs";
import { JSException, MAX_STACK_SIZE, QuickJS, type JSValueHandle } from "quickjs-wasi";
import { withHints } from "./t0-hints.ts";
import { freshState, type FreshState } from "./t0-image.ts";
import { GuestFailure } from "./t0-messages.ts";

export interface JavaScriptBounds {
  /** The files of the engine's module, of its image and of its hints. */
  engine: string;
  image: string;
  hints: string;
  /** Nobody waits yet. */
  ahead: boolean;
  memoryBytes: number;
  outputBytes: number;
  print: (line: string, stream: "stdout" | "stderr") => void;
  progress: (fraction: number, message: string) => void;
}

export interface JavaScriptCode {
  form: "expression" | "program";
  code: string;
  /** JSON. */
  input: string;
}

type Run = (program: JavaScriptCode) => Promise<string>;

/** Stack and static data of the engine, in the same memory. Where the pages end before the limit, the error itself finds no room: null. */
const ownBytes = 2 * 1024 * 1024;

/** An engine that waits for its one program; the result is JSON. The program throws `GuestFailure`. */
export async function bootJavaScript(bounds: JavaScriptBounds): Promise<Run> {
  const engine = readFileSync(bounds.engine);
  const image = readFileSync(bounds.image);
  const module = new WebAssembly.Module(withHints(engine, readFileSync(bounds.hints)));
  const start = (told: typeof mute) =>
    startEngine(module, freshState(image, engine.length), { ...bounds, ...told });
  // Under bounds that are too tight for it, it just ends.
  if (bounds.ahead) await rehearse(await start(mute)).catch(() => {});
  return start(bounds);
}

const mute: Pick<JavaScriptBounds, "print" | "progress"> = { print() {}, progress() {} };

const rehearsal = `const { a: [one], ...rest } = input;
console.log(one, "b" + rest.b, [3, 1].sort().map((x) => x + 1), { rest });
try { null.c } catch (error) { progress(0.5, String(error)); }
class Pair extends Map { get size() { return super.size; } }
return new Pair(Object.entries(await rest)).size + JSON.stringify("b,c".split(",")).replace(/b/g, "d");`;

/** What is run once is compiled: a child with time on its hands has another engine, soon forgotten, run what most programs do. */
async function rehearse(run: Run): Promise<void> {
  await run({ form: "program", code: rehearsal, input: '{"a":[1],"b":"c"}' });
}

async function startEngine(
  wasm: WebAssembly.Module,
  { head, snapshot }: FreshState,
  bounds: Omit<JavaScriptBounds, "engine" | "image" | "hints" | "ahead">,
): Promise<Run> {
  const vm = await QuickJS.restore(snapshot, {
    wasm,
    memoryLimit: Math.max(bounds.memoryBytes - ownBytes, 1),
    maxStackSize: MAX_STACK_SIZE,
    timezoneOffset: 0,
    wasi: () => ({ fd_write: () => EBADF }),
  });
  vm.registerHostCallback("print", (stream, line) => {
    bounds.print(line?.toString() ?? "", stream?.toString() === "stderr" ? "stderr" : "stdout");
    return vm.undefined;
  });
  vm.registerHostCallback("report", (fraction, message) => {
    bounds.progress(Number(fraction?.toString()), message?.toString() ?? "");
    return vm.undefined;
  });
  const toJson = vm.importHandle(head.toJson);
  const parse = vm.importHandle(head.parse);
  return async (program) => {
    try {
      vm.global.setProp("input", vm.callFunction(parse, vm.undefined, vm.newString(program.input)));
      const value = await settled(vm, evaluate(vm, program));
      return vm.callFunction(toJson, vm.undefined, vm.newNumber(bounds.outputBytes), value).toString();
    } catch (error) {
      throw guestFailure(error);
    }
  };
}

/** What WASI calls a file that is not open: the engine writes nothing by itself. */
const EBADF = 8;

function evaluate(vm: QuickJS, { form, code }: JavaScriptCode): JSValueHandle {
  if (form === "expression") return vm.evalCode(`(${code}\n)`, "expression.js");
  return vm.evalCode(`(async function () {${code}\n})()`, "script.js");
}

/** The value that a promise comes to. Nothing from outside can wake the guest, so what waits with no job left waits for ever. */
async function settled(vm: QuickJS, value: JSValueHandle): Promise<JSValueHandle> {
  if (!value.isPromise) return value;
  let outcome: { value: JSValueHandle } | { error: JSValueHandle } | undefined;
  void vm.resolvePromise(value).then((settledTo) => (outcome = settledTo));
  do {
    vm.executePendingJobs();
    // The promise of the host side is told in a microtask of its own.
    await new Promise(setImmediate);
  } while (outcome === undefined && vm.executePendingJobs() > 0);
  await new Promise(setImmediate);
  if (outcome === undefined) throw new GuestFailure("failed", "it waits for something that cannot come");
  if ("error" in outcome) throw new GuestFailure(...reasonOf(errorText(outcome.error)));
  return outcome.value;
}

function errorText(error: JSValueHandle): string {
  try {
    return error.toString();
  } catch {
    return "it threw something that cannot be shown";
  }
}

function guestFailure(error: unknown): GuestFailure {
  if (error instanceof GuestFailure) return error;
  if (error instanceof JSException) return new GuestFailure(...reasonOf(`${error.name}: ${error.message}`));
  return new GuestFailure("failed", error instanceof Error ? error.message : String(error));
}

function reasonOf(message: string): [reason: "failed" | "limit", message: string] {
  const limit = /out of memory|Error: the (?:result|output) is larger than/.test(message);
  return [limit ? "limit" : "failed", message];
}
