/**
 * The executors of a node, one line each, in order of preference: the first that can run a skill does. To add one: a
 * file beside this, a line here; tests/contracts/executor.test.ts covers it.
 */
import type { SkillSettings } from "../../skills/registry.ts";
import type { Executor } from "../executor.ts";
import { createInlineExecutor } from "./inline.ts";

export interface ExecutorOptions {
  settings: SkillSettings;
}

export function createExecutors(options: ExecutorOptions): Executor[] {
  return [createInlineExecutor(options)];
}
