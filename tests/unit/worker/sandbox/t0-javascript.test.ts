/** Engines that start from one image: each as if it had been started by itself. In the test's own process, without its bounds. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { hintFlags, withHints } from "../../../../src/worker/sandbox/t0-hints.ts";
import { freshState } from "../../../../src/worker/sandbox/t0-image.ts";
import { bootJavaScript } from "../../../../src/worker/sandbox/t0-javascript.ts";
import { makeImage } from "../../../../src/worker/sandbox/t0-prelude.ts";

const engine = fileURLToPath(import.meta.resolve("quickjs-wasi/quickjs.wasm"));
const generated = new URL("../../../../src/worker/sandbox/generated/", import.meta.url);
const image = fileURLToPath(new URL("quickjs.image", generated));
const hints = fileURLToPath(new URL("quickjs.hints", generated));

async function evaluate(code: string, { ahead = false, told = [] as string[] } = {}): Promise<unknown> {
  const run = await bootJavaScript({
    engine,
    image,
    hints,
    ahead,
    memoryBytes: 64 * 1024 ** 2,
    outputBytes: 100_000,
    print: (line) => told.push(line),
    progress: (_fraction, message) => told.push(message),
  });
  return JSON.parse(await run({ form: "program", code, input: '{"n":20}' }));
}

describe("an engine from the image", () => {
  test("has its input, its console and its progress, and tells of nothing before", async () => {
    const told: string[] = [];
    const code = `console.log("seen", input); progress(0.5, "half"); return input.n + 1;`;
    expect(await evaluate(code, { told })).toBe(21);
    expect(await evaluate(code, { told, ahead: true })).toBe(21);
    expect(told).toEqual(['seen {"n":20}', "half", 'seen {"n":20}', "half"]);
  });

  test("draws its own random numbers", async () => {
    const drawn = await Promise.all(Array.from({ length: 8 }, () => evaluate("return Math.random();")));
    expect(new Set(drawn).size).toBe(8);
    const mean = await evaluate(
      "let sum = 0; for (let i = 0; i < 20_000; i++) sum += Math.random(); return sum / 20_000;",
    );
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  });

  test("counts time from its own start", async () => {
    const before = Date.now();
    const [origin, now, date] = (await evaluate(
      "return [performance.timeOrigin, performance.now(), Date.now()];",
    )) as [number, number, number];
    expect(origin).toBeGreaterThanOrEqual(before);
    expect(origin).toBeLessThanOrEqual(Date.now());
    expect(Math.abs(origin + now - date)).toBeLessThan(2);
  });

  test("finds what it puts into maps and sets, with the seed of its hashes", async () => {
    const code = `const map = new Map(), weak = new WeakMap(), key = {};
      for (let i = 0; i < 5_000; i++) map.set("k" + i, i).set(i, -i);
      weak.set(key, 1);
      return [map.size, map.get("k4999"), map.get(4999), new Set([1, 1, "1"]).size, weak.get(key)];`;
    expect(await evaluate(code)).toEqual([10_000, 4_999, -4_999, 2, 1]);
  });

  test("knows nothing of the engine before, nor of what was rehearsed", async () => {
    const names = await evaluate("return Object.getOwnPropertyNames(globalThis);");
    await evaluate("globalThis.left = 1; Array.prototype.left = 1; JSON.parse = JSON.stringify = 0;");
    expect(await evaluate("return [typeof left, [].left ?? null, typeof JSON.parse];")).toEqual([
      "undefined",
      null,
      "function",
    ]);
    expect(await evaluate("return Object.getOwnPropertyNames(globalThis);", { ahead: true })).toEqual(names);
  });
});

test("an image is the same whenever it is made, and is of one engine alone", async () => {
  const bytes = readFileSync(engine);
  const made = await makeImage(new Uint8Array(bytes));
  expect(made.equals(readFileSync(image))).toBe(true);
  expect(() => freshState(made, bytes.length + 1)).toThrow("another engine");
});

test("the hints name functions of this engine, and few of them", () => {
  const section = readFileSync(hints);
  const hinted = withHints(readFileSync(engine), section);
  expect(new WebAssembly.Module(hinted)).toBeInstanceOf(WebAssembly.Module);
  const called = section.filter((hint) => hint === 2);
  expect(called.length).toBeGreaterThan(100);
  expect(called.length).toBeLessThan(400);
  expect(hintFlags).toHaveLength(process.versions.v8.startsWith("13.6.") ? 2 : 0);
});

test("bounds too tight for a rehearsal are wide enough for a program", async () => {
  const run = await bootJavaScript({
    engine,
    image,
    hints,
    ahead: true,
    memoryBytes: 64 * 1024 ** 2,
    outputBytes: 1,
    print() {},
    progress() {},
  });
  expect(await run({ form: "expression", code: "input", input: "7" })).toBe("7");
});
