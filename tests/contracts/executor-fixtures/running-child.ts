/** A node as far as executors need one: starts the act that ignores everything, says so, and waits to be killed. */
import { jsonBody } from "../../../src/core/body.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { defaultSkillSettings } from "../../../src/skills/registry.ts";
import type { OfferedSkill } from "../../../src/skills/skill.ts";
import { createExecutors } from "../../../src/worker/executors/registry.ts";

const [, , skillText = "", scratchDir = ""] = process.argv;
const skill = JSON.parse(skillText) as OfferedSkill;
const executors = createExecutors({ settings: defaultSkillSettings, clock: systemClock, slots: 1 });
await executors
  .find((executor) => executor.canExecute(skill))
  ?.execute(
    { id: "t", skill, input: jsonBody({ act: "ignore" }), outputBytes: 1_000 },
    {
      signal: new AbortController().signal,
      deadline: Date.now() + 60_000,
      scratchDir,
      progress: () => process.stdout.write("runs\n"),
      log: () => {},
    },
  );
