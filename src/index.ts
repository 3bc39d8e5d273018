/** What programs that embed Errand use. Everything else is internal and may change. */
export { createNode } from "./node/create.ts";
export { resolveConfig, type NodeConfig } from "./node/config.ts";
export type { ErrandNode, Submission, TaskView } from "./node/node.ts";
export { ErrandError, type ErrorCode } from "./core/errors.ts";
export type { Hooks } from "./tasks/hooks/hooks.ts";
export type { Skill, SkillContext, SkillDefinition } from "./skills/skill.ts";
