/** Runs a skill's code directly, without an executor. */
import type { Skill, SkillContext } from "../../../src/skills/skill.ts";

function testContext(parts: Partial<SkillContext> = {}): SkillContext {
  return {
    signal: new AbortController().signal,
    deadline: Date.now() + 60_000,
    scratchDir: "",
    progress: () => {},
    log: () => {},
    file: () => {
      throw new Error("this test has no folder");
    },
    ...parts,
  };
}

export async function runSkill<Input, Output>(
  skill: Skill<Input, Output>,
  input: Input,
  parts: Partial<SkillContext> = {},
): Promise<Output> {
  return await skill.run(input, testContext(parts));
}
