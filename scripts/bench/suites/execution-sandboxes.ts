/** Functions in warm threads against the same inline; scripts in T0, cold and warm; commands in T1 against a bare spawn. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { enableCompileCache } from "node:module";
import { setTimeout as delay } from "node:timers/promises";
import { jsonBody } from "../../../src/core/body.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { builtinOffers, defaultSkillSettings } from "../../../src/skills/registry.ts";
import { defaultRunLimits } from "../../../src/skills/run-limits.ts";
import type { OfferedSkill } from "../../../src/skills/skill.ts";
import type { Executor } from "../../../src/worker/executor.ts";
import { createExecutors } from "../../../src/worker/executors/registry.ts";
import { createVoice } from "../../../src/worker/pace.ts";
import { converse } from "../../../src/worker/sandbox/conversation.ts";
import { createJanitor } from "../../../src/worker/sandbox/janitor.ts";
import { createT0, type Guest } from "../../../src/worker/sandbox/t0.ts";
import { openT1, type T1 } from "../../../src/worker/sandbox/t1.ts";
import { median, quantile } from "../measure.ts";
import type { ExecutionSection } from "./execution.ts";
import type { SuiteOptions } from "./suite.ts";

const functionMs = 1;
const scriptMs = 60;
const commandMs = 30;

/** Each of `runs` in turn, so that what the machine does besides falls on all alike; ms by name. */
async function interleaved<T extends string>(
  runs: Record<T, () => Promise<unknown>>,
  times: number,
): Promise<Record<T, number[]>> {
  const names = Object.keys(runs) as T[];
  const took = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<T, number[]>;
  for (let i = 0; i < times; i++) {
    for (const name of names) {
      const start = performance.now();
      await runs[name]();
      took[name].push(performance.now() - start);
    }
  }
  return took;
}

function row(
  name: string,
  took: readonly number[],
  base: readonly number[] = [0],
): ExecutionSection["rows"][number] {
  return {
    name,
    baseMs: median(base),
    medianMs: median(took),
    p95Ms: quantile(
      took.toSorted((a, b) => a - b),
      0.95,
    ),
  };
}

const idle = { progress() {}, log() {} };

export async function functions({ quick, say }: SuiteOptions): Promise<ExecutionSection> {
  say("functions in warm threads");
  const executors = createExecutors({ settings: defaultSkillSettings, clock: systemClock, slots: 1 });
  const skill = builtinOffers().find(({ definition }) => definition.id === "echo") as OfferedSkill;
  const run = (name: string) => {
    const executor = executors.find((one) => one.name === name) as Executor;
    return () =>
      executor.execute(
        { id: "bench", skill, input: jsonBody({ hello: "world" }), outputBytes: 1_000 },
        { signal: new AbortController().signal, deadline: Date.now() + 60_000, scratchDir: "", ...idle },
      );
  };
  const runs = { inline: run("inline"), function: run("function") };
  await interleaved(runs, 20);
  const took = await interleaved(runs, quick ? 200 : 1_000);
  for (const executor of executors) await executor.close();
  const overMs = median(took.function) - median(took.inline);
  return {
    rows: [row("function in a warm thread; the same inline", took.function, took.inline)],
    promises: [
      {
        text: `a warm function skill takes less than ${functionMs} ms more than inline`,
        value: overMs,
        kept: overMs < functionMs,
      },
    ],
  };
}

export async function scripts({ quick, say }: SuiteOptions): Promise<ExecutionSection> {
  say("scripts in T0");
  // As the launcher does for a node.
  enableCompileCache();
  const times = quick ? 5 : 15;
  const janitor = createJanitor();
  const guest = (kind: "javascript" | "python"): Guest => ({
    kind,
    form: "expression",
    code: "input + 1",
    input: 1,
  });
  const run = (t0: ReturnType<typeof createT0>, kind: "javascript" | "python", within?: T1) =>
    t0.run({
      guest: guest(kind),
      limits: defaultRunLimits,
      within,
      signal: new AbortController().signal,
      ...idle,
    });
  const rows: ExecutionSection["rows"] = [];
  const t1 = await openT1(janitor).catch(() => undefined);
  for (const [name, kind, within] of [
    ["JavaScript in T0", "javascript", undefined],
    ["Python in T0", "python", undefined],
    ["JavaScript in T0 within T1", "javascript", t1],
  ] as const) {
    if (name.endsWith("T1") && within === undefined) continue;
    const cold: number[] = [];
    const warm: number[] = [];
    for (let i = 0; i <= times; i++) {
      // A new one has no child that waits.
      const t0 = createT0({ clock: systemClock, janitor });
      const start = performance.now();
      await run(t0, kind, within);
      if (i > 0) cold.push(performance.now() - start);
      await delay(kind === "python" ? 700 : 300);
      const again = performance.now();
      await run(t0, kind, within);
      if (i > 0) warm.push(performance.now() - again);
      await t0.close();
    }
    rows.push(row(`${name}, cold`, cold), row(`${name}, a child waiting`, warm));
  }
  await t1?.close();
  janitor.close();
  const coldMs = rows[0]?.medianMs ?? Number.NaN;
  return {
    rows,
    promises: [
      { text: `a cold T0 script takes less than ${scriptMs} ms`, value: coldMs, kept: coldMs < scriptMs },
    ],
  };
}

export async function commands({ quick, say }: SuiteOptions): Promise<ExecutionSection> {
  say("commands in T1");
  const janitor = createJanitor();
  let t1: T1;
  try {
    t1 = await openT1(janitor);
  } catch (error) {
    say(`T1 is missing, its promise is left out: ${(error as Error).message}`);
    janitor.close();
    return { rows: [], promises: [] };
  }
  const bare = async (): Promise<void> => {
    await once(spawn("/bin/true", { env: {}, stdio: ["pipe", "pipe", "pipe"] }), "close");
  };
  const inside = async (): Promise<void> => {
    const { signal } = new AbortController();
    const launched = await t1.launch({ argv: ["/bin/true"], env: {}, limits: defaultRunLimits });
    const talk = {
      stdin: new Uint8Array(),
      outputBytes: 1_000,
      voice: createVoice(idle),
      signal,
      kill: signal,
      clock: systemClock,
    };
    await converse(launched, talk);
  };
  const runs = { bare, inside };
  await interleaved(runs, 3);
  const took = await interleaved(runs, quick ? 15 : 60);
  await t1.close();
  janitor.close();
  const overMs = median(took.inside) - median(took.bare);
  return {
    rows: [row("command in T1; a bare spawn", took.inside, took.bare)],
    promises: [
      {
        text: `a T1 command takes less than ${commandMs} ms more than a bare spawn`,
        value: overMs,
        kept: overMs < commandMs,
      },
    ],
  };
}
