/**
 * Runs skills that declare themselves cheap, with small inputs, on the node's own thread: ten thousand a second need no
 * thread, no folder and no timer each. Everything else belongs to another executor, because what runs here is run by the
 * thread that serves the network.
 */
import { ErrandError } from "../../core/errors.ts";
import { readInput } from "../../skills/input.ts";
import { createResolver, type SkillCode } from "../../skills/resolve.ts";
import type { SkillSettings } from "../../skills/registry.ts";
import type { Execution, ExecutionContext, ExecutionResult, Executor } from "../executor.ts";
import { createSkillContext, skillError, toOutput } from "../output.ts";

/** Parsing, checking and writing this much JSON stays well below a millisecond. */
const largestInputBytes = 64 * 1024;

export function createInlineExecutor(options: { settings: SkillSettings }): Executor {
  const resolve = createResolver(options.settings);
  return {
    name: "inline",
    largestInputBytes,
    slotless: true,
    canExecute: ({ definition, source }) =>
      definition.cheap === true && (source.kind === "builtin" || source.kind === "module"),
    async execute(execution, context) {
      const found = resolve(execution.skill);
      return run("then" in found ? await found : found, execution, context);
    },
    close: () => Promise.resolve(),
  };
}

async function run(skill: SkillCode, execution: Execution, run: ExecutionContext): Promise<ExecutionResult> {
  const start = performance.now();
  const { definition } = execution.skill;
  run.signal.throwIfAborted();
  const input =
    execution.checked === undefined
      ? await readInput(definition, execution.input, undefined, run.scratchDir)
      : execution.checked.value;
  const { context, outputs } = createSkillContext({
    signal: run.signal,
    deadline: run.deadline,
    scratchDir: () => run.scratchDir,
    progress: (fraction, message) => run.progress(fraction, message),
    log: (message) => run.log(message),
  });
  let value: unknown;
  try {
    value = skill.run(input, context);
    if (value instanceof Promise) value = await settled(value, run);
  } catch (error) {
    if (run.signal.aborted) throw run.signal.reason;
    throw error instanceof ErrandError && error.code === "TaskTimeout" ? error : skillError(error);
  }
  const made = toOutput(definition, value, outputs(), execution.outputBytes);
  const output = made instanceof Promise ? await made : made;
  // To the microsecond: it travels and is stored as a number is written.
  const wallMs = Math.round((performance.now() - start) * 1_000) / 1_000;
  return { output, usage: { wallMs, cpuMs: 0, peakMemoryBytes: 0 } };
}

/** A cheap skill that returns a promise is still held to its signal: nothing here can end its code, only stop waiting. */
async function settled(value: Promise<unknown>, context: ExecutionContext): Promise<unknown> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(context.signal.reason);
  context.signal.addEventListener("abort", abort, { once: true });
  if (context.signal.aborted) abort();
  try {
    return await Promise.race([value, promise]);
  } finally {
    context.signal.removeEventListener("abort", abort);
  }
}
