/**
 * Runs command lines that a peer sends (the skill `command`): programs from the operator's list of exact paths, with an array
 * of arguments and never a shell, in tier T1 with nothing mounted but the system's programs and what
 * the operator grants.
 */
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import { grantLimits, operatorLimits, type AskedLimits } from "../../skills/run-limits.ts";
import type { Execution, ExecutionContext, ExecutionResult, Executor } from "../executor.ts";
import { encodeOutput } from "../output.ts";
import { createVoice } from "../pace.ts";
import { scratchInside } from "../sandbox/bubblewrap.ts";
import { converse } from "../sandbox/conversation.ts";
import type { Sandboxes } from "../sandbox/sandboxes.ts";
import { inputOf } from "./script.ts";
import { standardInput, streamsOf, type StandardInput } from "./wasm.ts";

interface Sent extends StandardInput {
  argv: [string, ...string[]];
  /** Seconds. */
  timeout?: number;
  limits?: AskedLimits;
}

export function createArgvExecutor({ sandboxes, clock }: { sandboxes: Sandboxes; clock: Clock }): Executor {
  const closing = new AbortController();
  return {
    name: "argv",
    canExecute: ({ source }) => source.kind === "argv",
    async execute(execution, context) {
      try {
        return await execute(execution, context, { sandboxes, clock, kill: closing.signal });
      } catch (error) {
        throw context.signal.aborted ? context.signal.reason : error;
      }
    },
    close() {
      closing.abort();
      return Promise.resolve();
    },
  };
}

async function execute(
  execution: Execution,
  context: ExecutionContext,
  { sandboxes, clock, kill }: { sandboxes: Sandboxes; clock: Clock; kill: AbortSignal },
): Promise<ExecutionResult> {
  const { signal } = context;
  signal.throwIfAborted();
  const start = clock.monotonic();
  const sent = (await inputOf(execution, context)) as Sent;
  checkAllowed(sent.argv[0], sandboxes.commands);
  const wish = sent.timeout === undefined ? sent.limits : { ...sent.limits, timeoutSeconds: sent.timeout };
  const limits = grantLimits(wish, operatorLimits(execution.grant?.limits));
  const t1 = await sandboxes.t1();
  signal.throwIfAborted();
  const launched = await t1.launch({
    argv: sent.argv,
    env: { PATH: "/usr/bin:/bin", HOME: scratchInside, TMPDIR: scratchInside, LANG: "C.UTF-8" },
    limits,
    network: execution.grant?.network ?? false,
    mounts: execution.grant?.mounts ?? [],
  });
  const { code, how, stdout, tail, usage } = await converse(launched, {
    stdin: standardInput(sent),
    outputBytes: Math.min(limits.outputBytes, execution.outputBytes),
    wallMs: limits.wallMs,
    voice: createVoice(context, () => clock.monotonic()),
    signal,
    kill,
    clock,
  });
  if (code === null) throw new ErrandError("SkillFailed", `the command was ended by ${how ?? "a signal"}`);
  const output = streamsOf({ exitCode: code, result: stdout, stderr: tail });
  const bytes = encodeOutput(execution.skill.definition, output, execution.outputBytes);
  return {
    output: { bytes, type: "application/json" },
    usage: { wallMs: clock.monotonic() - start, ...usage },
  };
}

function checkAllowed(program: string, commands: readonly string[]): void {
  if (commands.includes(program)) return;
  throw new ErrandError(
    "Unauthorized",
    `${program.slice(0, 128)} is not one of the programs that may be run here`,
    {
      hint: "Programs are named by the exact path that the operator lists under `commands`.",
    },
  );
}
