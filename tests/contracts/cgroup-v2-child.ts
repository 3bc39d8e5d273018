/** What cgroup-v2.test.ts runs under another kernel: tier T1, with the cgroup that it finds there. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { defaultRunLimits, type RunLimits } from "../../src/skills/run-limits.ts";
import { findCgroups } from "../../src/worker/sandbox/cgroup.ts";
import { createJanitor } from "../../src/worker/sandbox/janitor.ts";
import { openT1, type T1 } from "../../src/worker/sandbox/t1.ts";
import { say } from "../support/user-mode-linux.ts";

export interface Run {
  out: string;
  breach?: string;
  cpuMs: number;
  wallMs: number;
  peakMemoryBytes: number;
}

export interface Report {
  title: string;
  runs: Record<"plain" | "memory" | "together" | "forks" | "half", Run>;
  /** Of a group whose node is gone. */
  cleaned: boolean;
  left: string[];
}

async function run(t1: T1, script: string, limits: Partial<RunLimits> = {}): Promise<Run> {
  const startMs = performance.now();
  const env = { PATH: "/usr/bin:/bin" };
  const launched = await t1.launch({
    argv: ["/bin/sh", "-c", script],
    env,
    limits: { ...defaultRunLimits, wallMs: 60_000, ...limits },
  });
  let out = "";
  launched.stdout.on("data", (piece: Buffer) => (out += piece.toString()));
  launched.stderr.on("data", (piece: Buffer) => (out += piece.toString()));
  launched.stdin.end();
  await once(launched.child, "exit");
  const wallMs = performance.now() - startMs;
  const { breach, ...usage } = await launched.finish();
  return { out, wallMs, ...usage, ...(breach !== undefined && { breach }) };
}

/** A janitor whose pipe closes while a run goes on: as when the node was killed. */
async function cleanedUp(): Promise<boolean> {
  const group = await (await findCgroups()).create(defaultRunLimits);
  const [entrance = ""] = group.entrances;
  const child = spawn("/bin/sh", ["-c", 'echo $$ > "$1"; exec sleep 1000', "sh", entrance], {
    stdio: "ignore",
  });
  const gone = once(child, "exit");
  const janitor = createJanitor();
  janitor.guard({ cgroups: group.folders });
  janitor.close();
  await gone;
  for (let looks = 0; looks < 100 && existsSync(group.folders[0] ?? ""); looks += 1) await delay(50);
  return !existsSync(group.folders[0] ?? "");
}

const janitor = createJanitor();
const t1 = await openT1(janitor);
const loop = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done";
const memoryBytes = 48 * 1024 ** 2;
const report: Report = {
  title: t1.title,
  runs: {
    plain: await run(t1, loop),
    memory: await run(t1, "tail /dev/zero; echo survived", { memoryBytes }),
    together: await run(t1, "for i in 1 2 3 4 5; do (head -c 20m /dev/zero | tail | wc -c) & done; wait", {
      memoryBytes,
    }),
    forks: await run(t1, "i=0; while [ $i -lt 200 ]; do sleep 2 & i=$((i+1)); done; echo all", {
      processes: 16,
    }),
    half: await run(t1, loop, { cpuCores: 0.25 }),
  },
  cleaned: await cleanedUp(),
  left: [],
};
await t1.close();
janitor.close();
report.left = readdirSync("/sys/fs/cgroup/service", { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
say(report);
