/**
 * JavaScript of a peer's inside a T0 child, by QuickJS in WebAssembly. It gets its input as JSON and gives back JSON; between
 * them it has the language and nothing else: no files, no network, no timers, no host objects but functions of strings.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { JSException, MAX_STACK_SIZE, QuickJS, type JSValueHandle } from "quickjs-wasi";
import { GuestFailure } from "./t0-messages.ts";

export interface JavaScriptBounds {
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

// Runs before the guest's code, so that what it holds on to cannot be replaced by that code.
const prelude = `(print, report) => {
  "use strict";
  const { stringify, parse } = JSON;
  const text = (value) => {
    if (typeof value === "string") return value;
    if (value instanceof Error) return String(value) + "\\n" + value.stack;
    try { return stringify(value) ?? String(value); } catch { return String(value); }
  };
  const to = (stream) => (...values) => print(stream, values.map(text).join(" "));
  const out = to("stdout"), err = to("stderr");
  globalThis.console = { log: out, info: out, debug: out, warn: err, error: err };
  globalThis.progress = (fraction, message = "") => report(Number(fraction), String(message));
  return (most, value) => {
    const json = stringify(value) ?? "null";
    if (json.length > most) throw new RangeError("the result is larger than " + most + " bytes");
    return json;
  };
}`;

/** An engine that waits for its one program; the result is JSON. The program throws `GuestFailure`. */
export async function bootJavaScript(
  bounds: JavaScriptBounds,
): Promise<(program: JavaScriptCode) => Promise<string>> {
  const path = fileURLToPath(import.meta.resolve("quickjs-wasi/quickjs.wasm"));
  const vm = await QuickJS.create({
    wasm: new WebAssembly.Module(readFileSync(path)),
    memoryLimit: bounds.memoryBytes,
    maxStackSize: MAX_STACK_SIZE,
    timezoneOffset: 0,
    wasi: () => ({ fd_write: () => EBADF }),
  });
  const write = vm.newFunction("print", (stream, line) => {
    bounds.print(line?.toString() ?? "", stream?.toString() === "stderr" ? "stderr" : "stdout");
    return vm.undefined;
  });
  const report = vm.newFunction("report", (fraction, message) => {
    bounds.progress(Number(fraction?.toString()), message?.toString() ?? "");
    return vm.undefined;
  });
  const toJson = vm.callFunction(vm.evalCode(prelude, "prelude"), vm.undefined, write, report);
  const parse = vm.evalCode("JSON.parse");
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
