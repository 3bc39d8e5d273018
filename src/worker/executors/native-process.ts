/**
 * What runs in a process of its own because no thread can be ended in it: a built-in skill whose work is native code. It speaks
 * the protocol of skill processes (src/worker/SKILL-PROCESS.md). A cancel it leaves to the node, which ends the process.
 */
import { Console } from "node:console";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { limits } from "../../core/limits.ts";
import { nativeSkills } from "../../skills/native.ts";
import {
  processProtocol,
  type FromProcess,
  type ProcessResult,
  type ToProcess,
} from "../../skills/process-messages.ts";
import type { Skill } from "../../skills/skill.ts";
import { createSkillContext, skillError } from "../output.ts";

type Run = Extract<ToProcess, { type: "run" }>;

globalThis.console = new Console(process.stderr);

function say(message: FromProcess): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function work(skill: Skill<unknown>, run: Run): Promise<void> {
  const { id, inputFile, scratchDir, outputBytes, deadline } = run;
  const before = process.cpuUsage();
  try {
    const input: unknown =
      inputFile === undefined ? run.input : JSON.parse(await readFile(inputFile, "utf8"));
    const { context, outputs } = createSkillContext({
      // Nobody aborts it: who is cancelled does not hear of it any more.
      signal: new AbortController().signal,
      deadline,
      scratchDir: () => scratchDir,
      progress: (fraction, message) => say({ type: "progress", id, fraction, message }),
      log: (message) => say({ type: "log", id, message }),
    });
    const value = await skill.run(input, context);
    const file = await outputs()?.take(value, outputBytes);
    const used = process.cpuUsage(before);
    say({
      type: "result",
      id,
      ...(file?.file === undefined
        ? await valueOf(value, scratchDir)
        : { file: { path: file.file, type: file.type } }),
      usage: {
        cpuMs: (used.user + used.system) / 1_000,
        peakMemoryBytes: process.resourceUsage().maxRSS * 1_024,
      },
    });
  } catch (error) {
    const { code, message, retryable } = skillError(error);
    const known = code === "InvalidInput" || code === "LimitExceeded" ? code : "SkillFailed";
    say({ type: "error", id, code: known, message, retryable });
  }
}

/** In a line, or in a file where a line would be too long. */
async function valueOf(
  value: unknown,
  scratchDir: string,
): Promise<Pick<ProcessResult, "output" | "outputFile">> {
  const text = JSON.stringify(value);
  if (text.length <= limits.inlineBodyBytes) return { output: value };
  const outputFile = join(scratchDir, "output.json");
  await mkdir(scratchDir, { recursive: true, mode: 0o700 });
  await writeFile(outputFile, text);
  return { outputFile };
}

const skill = nativeSkills.find(({ definition }) => definition.id === process.argv[2]);
if (skill === undefined) throw new Error(`no native skill is called ${process.argv[2]}`);
say({ type: "hello", protocol: processProtocol, concurrency: 1, skills: [skill.definition] });
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const message = JSON.parse(line) as ToProcess;
    if (message.type === "run") void work(skill, message);
  })
  // An orderly exit would wait for the native code.
  .on("close", () => process.kill(process.pid, "SIGKILL"));
