/**
 * Runs `storage.put` and `storage.get` against a shelf: a blob store of its own, with a quota and an age, so that what others
 * store can neither fill the disk nor be mixed with the inputs and outputs of tasks. Only what was put there can be read.
 */
import { constants } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BlobHash, BlobRef } from "../../core/body.ts";
import type { Clock } from "../../core/clock.ts";
import { ErrandError, toErrandError } from "../../core/errors.ts";
import { readInput } from "../../skills/input.ts";
import type { GetInput, PutInput } from "../../skills/storage.ts";
import type { Execution, ExecutionContext, ExecutionOutput, Executor } from "../executor.ts";
import { encodeOutput, tooLarge } from "../output.ts";

/** What the executor needs of a blob store. */
export interface Shelf {
  putBytes(bytes: Uint8Array): Promise<BlobRef>;
  putFile(path: string, options: { signal: AbortSignal }): Promise<BlobRef>;
  stat(hash: BlobHash): Promise<BlobRef | undefined>;
  path(hash: BlobHash): string;
  prune(options: { keep: () => boolean; olderThanMs: number }): Promise<unknown>;
}

export interface StorageExecutorOptions {
  shelf: Shelf;
  /** How long a file is kept after it was last put. */
  ttlMs: number;
  clock: Clock;
}

/** Looking through the whole shelf for what is too old is not for each task. */
const sweepEveryMs = 10 * 60_000;

export function createStorageExecutor({ shelf, ttlMs, clock }: StorageExecutorOptions): Executor {
  let sweptAt = -Infinity;
  const sweep = async (): Promise<void> => {
    sweptAt = clock.monotonic();
    await shelf.prune({ keep: () => false, olderThanMs: ttlMs });
  };

  async function put(execution: Execution, context: ExecutionContext): Promise<ExecutionOutput> {
    const { file, text, base64 } = (await valueOf(execution, context)) as PutInput;
    const store = (): Promise<BlobRef> => {
      if (file !== undefined) return shelf.putFile(file.path, { signal: context.signal });
      return shelf.putBytes(base64 === undefined ? Buffer.from(text ?? "") : Buffer.from(base64, "base64"));
    };
    let ref: BlobRef;
    try {
      ref = await store();
    } catch (error) {
      if (toErrandError(error).code !== "LimitExceeded") throw error;
      // What is too old may be all that is in the way.
      await sweep();
      ref = await store();
    }
    const said = { ...ref, keptForSeconds: Math.floor(ttlMs / 1_000) };
    return {
      bytes: encodeOutput(execution.skill.definition, said, execution.outputBytes),
      type: "application/json",
    };
  }

  async function get(execution: Execution, context: ExecutionContext): Promise<ExecutionOutput> {
    const { hash, type = "application/octet-stream" } = (await valueOf(execution, context)) as GetInput;
    const found = await shelf.stat(hash);
    if (found === undefined) {
      // Another peer may have it.
      throw new ErrandError("SkillFailed", `nothing is stored here under ${hash}`, { retryable: true });
    }
    if (found.sizeBytes > execution.outputBytes) throw tooLarge(found.sizeBytes, execution.outputBytes);
    await mkdir(context.scratchDir, { recursive: true, mode: 0o700 });
    const copy = join(context.scratchDir, "stored");
    await copyFile(shelf.path(hash), copy, constants.COPYFILE_FICLONE);
    return { file: copy, type };
  }

  return {
    name: "storage",
    canExecute: ({ source }) => source.kind === "storage",
    async execute(execution, context) {
      const { source } = execution.skill;
      context.signal.throwIfAborted();
      const start = clock.monotonic();
      if (clock.monotonic() - sweptAt > sweepEveryMs) await sweep();
      const output = await (source.kind === "storage" && source.act === "put" ? put : get)(
        execution,
        context,
      );
      context.signal.throwIfAborted();
      return { output, usage: { wallMs: clock.monotonic() - start, cpuMs: 0, peakMemoryBytes: 0 } };
    },
    close: () => Promise.resolve(),
  };
}

async function valueOf(
  { checked, skill, input, inputPath }: Execution,
  context: ExecutionContext,
): Promise<unknown> {
  return checked === undefined
    ? readInput(skill.definition, input, inputPath, context.scratchDir)
    : checked.value;
}
