/**
 * What QuickJS is given before a guest's code, and the image of its memory after that (`t0-image.ts`). Not read by a node:
 * `npm run generate` makes the image from it.
 */
import { MAX_STACK_SIZE, QuickJS, type QuickJSOptions } from "quickjs-wasi";
import { encodeImage, type ImageHead } from "./t0-image.ts";

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

/** What of an engine differs from another one that ran the same. */
interface Own {
  nowMs: number;
  guard: number;
}

interface Started {
  view: DataView<ArrayBuffer>;
  memory: Uint8Array;
  head: Omit<
    ImageHead,
    "engineBytes" | "memoryBytes" | "from" | "timeAt" | "timeValueAt" | "boxed" | "seedsAt"
  >;
}

async function start(engine: Uint8Array<ArrayBuffer>, { nowMs, guard }: Own): Promise<Started> {
  const wasi: QuickJSOptions["wasi"] = (memory) => ({
    clock_time_get(_clock: number, _precision: bigint, at: number) {
      new DataView(memory.buffer).setBigUint64(at, BigInt(nowMs) * 1_000_000n, true);
      return 0;
    },
    random_get(at: number, sizeBytes: number) {
      new Uint8Array(memory.buffer, at, sizeBytes).fill(guard);
      return 0;
    },
  });
  const vm = await QuickJS.create({ wasm: engine, maxStackSize: MAX_STACK_SIZE, timezoneOffset: 0, wasi });
  const never = () => {
    throw new Error("nothing is printed before there is a guest");
  };
  const functions = [vm.newFunction("print", never), vm.newFunction("report", never)];
  const toJson = vm.callFunction(vm.evalCode(prelude, "prelude"), vm.undefined, ...functions);
  const parse = vm.evalCode("JSON.parse");
  const handles = { toJson: vm.exportHandle(toJson), parse: vm.exportHandle(parse) };
  const { memory, stackPointer, runtimePtr, contextPtr } = vm.snapshot();
  const copy = new Uint8Array(memory);
  return {
    memory: copy,
    view: new DataView(copy.buffer),
    head: { stackPointer, runtimePtr, contextPtr, ...handles },
  };
}

const owns: readonly [Own, Own] = [
  { nowMs: 1_600_000_000_000, guard: 0x11 },
  { nowMs: 1_700_000_000_000, guard: 0x22 },
];

/** The same bytes for the same engine. Throws when what is each engine's own is not where it is known to be. */
export async function makeImage(engine: Uint8Array<ArrayBuffer>): Promise<Buffer> {
  const one = await start(engine, owns[0]);
  const other = await start(engine, owns[1]);
  const { stackPointer } = one.head;
  // What lies below has been used and is not any more.
  const places = owned(one.view, other.view, stackPointer);
  return encodeImage(
    {
      engineBytes: engine.length,
      memoryBytes: one.memory.length,
      from: stackPointer,
      ...one.head,
      ...places,
    },
    one.memory,
  );
}

type Places = Pick<ImageHead, "timeAt" | "timeValueAt" | "boxed" | "seedsAt">;

function owned(one: DataView, other: DataView, from: number): Places {
  const differing: number[] = [];
  for (let at = from; at < one.byteLength; at += 4) {
    if (one.getUint32(at, true) !== other.getUint32(at, true)) differing.push(at);
  }
  const timeAt = differing.find(
    (at) => one.getFloat64(at, true) === owns[0].nowMs && other.getFloat64(at, true) === owns[1].nowMs,
  );
  if (timeAt === undefined) throw new Error("the engine keeps the time of its start elsewhere");
  const above = (view: DataView, at: number) =>
    view.getUint32(at, true) === view.getUint32(timeAt, true)
      ? (view.getUint32(timeAt + 4, true) - view.getUint32(at + 4, true)) >>> 0
      : undefined;
  const timeValueAt = differing.find(
    (at) => at > timeAt && above(one, at) !== undefined && above(one, at) === above(other, at),
  );
  const boxed = timeValueAt === undefined ? undefined : above(one, timeValueAt);
  if (timeValueAt === undefined || boxed === undefined) throw new Error("performance has another form");
  const times = new Set([timeAt, timeAt + 4, timeValueAt, timeValueAt + 4]);
  const seedsAt = differing.filter((at) => !times.has(at));
  // `JSContext` has them in this order; the guard is a variable of the C library.
  const known = [8, 12, 16].map((offset) => timeAt + offset);
  if (seedsAt.length !== 4 || !known.every((at) => seedsAt.includes(at))) {
    throw new Error(`the engine has seeds at ${seedsAt.join(", ")}`);
  }
  return { timeAt, timeValueAt, boxed, seedsAt };
}
