/** A function in a warm Python process, against the same as a function of this node's own thread. */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jsonBody } from "../../../src/core/body.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { loadSkills } from "../../../src/skills/load.ts";
import { builtinOffers, defaultSkillSettings } from "../../../src/skills/registry.ts";
import type { OfferedSkill } from "../../../src/skills/skill.ts";
import { createExecutors } from "../../../src/worker/executors/registry.ts";
import { median, quantile } from "../measure.ts";
import type { ExecutionSection } from "./execution.ts";
import type { SuiteOptions } from "./suite.ts";

const mostMs = 3;

const echo = `
from errand_skill import skill

@skill(id="bench.echo")
def echo(hello: str) -> dict[str, str]:
    return {"hello": hello}
`;

export async function processes({ quick, say }: SuiteOptions): Promise<ExecutionSection> {
  if (spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]).status !== 0) {
    say("no python3 here: warm Python processes are left out");
    return { rows: [], promises: [] };
  }
  say("a function in a warm Python process");
  const folder = await mkdtemp(join(tmpdir(), "errand-bench-"));
  const executors = createExecutors({ settings: defaultSkillSettings, clock: systemClock, slots: 1 });
  try {
    await writeFile(join(folder, "echo.py"), echo);
    const [python] = await loadSkills(["echo.py"], { cwd: folder });
    const own = builtinOffers().find(({ definition }) => definition.id === "echo");
    const run = async (skill: OfferedSkill | undefined): Promise<number> => {
      if (skill === undefined) throw new Error("there is no such skill");
      const start = performance.now();
      await executors
        .find((one) => one.canExecute(skill))
        ?.execute(
          { id: "bench", skill, input: jsonBody({ hello: "world" }), outputBytes: 1_000 },
          {
            signal: new AbortController().signal,
            deadline: Date.now() + 60_000,
            scratchDir: join(folder, "scratch"),
            progress() {},
            log() {},
          },
        );
      return performance.now() - start;
    };
    const cold = await run(python);
    const took: number[] = [];
    const base: number[] = [];
    // In turn, so that what the machine does besides falls on both alike.
    for (let i = 0; i < (quick ? 200 : 1_000); i++) {
      base.push(await run(own));
      took.push(await run(python));
    }
    const overMs = median(took) - median(base);
    const p95Ms = quantile(Float64Array.from(took).toSorted(), 0.95);
    return {
      rows: [
        {
          name: "Python function in a warm process; the like inline",
          baseMs: median(base),
          medianMs: median(took),
          p95Ms,
        },
        {
          name: "the same, with the start of its process",
          baseMs: median(base),
          medianMs: cold,
          p95Ms: cold,
        },
      ],
      promises: [
        {
          text: `a function in a warm Python process takes less than ${mostMs} ms more than inline`,
          value: overMs,
          kept: overMs < mostMs,
        },
      ],
    };
  } finally {
    for (const executor of executors) await executor.close();
    await rm(folder, { recursive: true, force: true });
  }
}
