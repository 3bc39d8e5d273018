/** A built-in skill of native code: a cancel ends what no thread could be ended in, and its usage is what its process used. */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { ErrandError } from "../../../src/core/errors.ts";
import { limits } from "../../../src/core/limits.ts";
import { builtinOffers, defaultSkillSettings } from "../../../src/skills/registry.ts";
import type { OfferedSkill } from "../../../src/skills/skill.ts";
import type { ExecutionContext, Executor } from "../../../src/worker/executor.ts";
import { createExecutors } from "../../../src/worker/executors/registry.ts";
import { makePicture } from "../../support/picture.ts";

const skill = builtinOffers().find(({ definition }) => definition.id === "image.resize") as OfferedSkill;
let folder: string;
let executors: Executor[];
let executor: Executor;
let base64: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "errand-native-"));
  executors = createExecutors({ settings: defaultSkillSettings, clock: systemClock, slots: 1 });
  executor = executors.find((one) => one.canExecute(skill)) as Executor;
  base64 = (await makePicture({ width: 800, height: 600 })).toString("base64");
});
afterAll(async () => {
  await Promise.all(executors.map((one) => one.close()));
  await rm(folder, { recursive: true });
});

/** A folder for each: what ends by force must not write into the next one's. */
let runs = 0;
const run = (options: object, context: Partial<ExecutionContext> = {}) =>
  executor.execute(
    { id: "t", skill, input: jsonBody({ base64, ...options }), outputBytes: 64e6 },
    {
      signal: new AbortController().signal,
      deadline: Date.now() + 60_000,
      scratchDir: join(folder, String((runs += 1))),
      progress: () => {},
      log: () => {},
      ...context,
    },
  );

/** Processes of ours that serve it. */
function pids(): number[] {
  const own = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ");
  return own
    .filter((pid) => {
      const line = `/proc/${pid}/cmdline`;
      return pid !== "" && existsSync(line) && readFileSync(line, "utf8").includes("native-process");
    })
    .map(Number);
}

test("runs in a process of its own, warm for the next one, and tells what it used", async () => {
  const { output, usage } = await run({ width: 64 });
  expect(JSON.parse(Buffer.from(output.bytes ?? []).toString())).toMatchObject({ width: 64, height: 48 });
  expect(usage.cpuMs).toBeGreaterThan(0);
  expect(usage.peakMemoryBytes).toBeGreaterThan(1e6);
  expect(executor.isWarm?.(skill)).toBe(true);
  await expect(run({ base64: "AAAA" })).rejects.toMatchObject({ code: "InvalidInput" });
  const large = await run({ width: 3_000, enlarge: true, format: "png" });
  expect(large.output.bytes?.length).toBeGreaterThan(limits.inlineBodyBytes);
});

test.skipIf(process.platform !== "linux")(
  "an encoder that is at work is gone within the grace of a cancel",
  async () => {
    await run({ width: 64 });
    const [pid] = pids();
    expect(pid).toBeDefined();
    const stop = new AbortController();
    const reason = new ErrandError("Cancelled", "enough");
    // Some five seconds of one core.
    const slow = { width: 4_000, height: 3_000, fit: "fill", enlarge: true, format: "avif" };
    const encoding = run(slow, { signal: stop.signal, progress: () => stop.abort(reason) });
    let at = 0;
    stop.signal.addEventListener("abort", () => (at = performance.now()));
    await expect(encoding).rejects.toBe(reason);
    expect(performance.now() - at).toBeLessThan(limits.cancelGraceMs);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect((await run({ width: 32 })).output.type).toBe("application/json");
  },
);
