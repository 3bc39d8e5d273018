/**
 * A skill's file tried without a node: loaded, admitted and run as a node does it, by the same worker and executors, for its
 * author alone. No peers, no store: what runs is asked for here and answered here. A server is started for its tools, an engine
 * is believed when its canary has passed.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { jsonBody, jsonType, type Body } from "../core/body.ts";
import { systemClock } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import type { SkillDefinition } from "../skills/skill.ts";
import type { ResourceUsage } from "../worker/executor.ts";
import { createWorker } from "../worker/worker.ts";
import { offerServers, openTrialParts, trialSlots, type TrialSurroundings } from "./trial-parts.ts";

/** JSON, a text, or the file at a path. */
export type TrialInput =
  | { value: unknown }
  | { text: string; type?: string }
  | { path: string; type: string };

export interface TrialOptions {
  input: TrialInput;
  timeoutMs: number;
  signal: AbortSignal;
  progress?(fraction: number, message: string): void;
}

export interface TrialResult {
  /** The JSON, when the output is JSON. */
  output?: unknown;
  /** Otherwise the file; there until `release`. */
  file?: { path: string; type: string; sizeBytes: number };
  usage: ResourceUsage;
  release(): Promise<void>;
}

export interface Trial {
  readonly skills: readonly SkillDefinition[];
  /** Throws what a submitter would be told. */
  run(skill: string, options: TrialOptions): Promise<TrialResult>;
  close(): Promise<void>;
}

/**
 * Throws `InvalidConfig` when the file holds no skill that is right, `UnsupportedSkill` when this machine lacks the sandbox tier
 * that it needs, `SkillFailed` when its server does not start, and the reason of `signal`.
 */
export async function openTrial(file: string, around: TrialSurroundings): Promise<Trial> {
  const { log, signal: opened } = around;
  const clock = systemClock;
  await using opening = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "errand-trial-"));
  opening.defer(() => rm(folder, { recursive: true, force: true }));
  const parts = await openTrialParts(file, folder, around, opening);
  const worker = createWorker({
    skills: parts.skills,
    executors: parts.executors,
    slots: trialSlots,
    clock,
    log,
    random: Math.random,
    scratchRoot: join(folder, "runs"),
    profile: () => ({ resources: parts.resources, role: "", tags: [] }),
    callerOf: () => ({ self: true, pin: undefined, trust: 1 }),
  });
  opening.defer(() => worker.close());
  await offerServers(worker, parts, opened);
  const running = opening.move();
  let runs = 0;

  return {
    skills: [...worker.skills.values()].map(({ definition }) => definition),
    async run(skill, { input, timeoutMs, signal, progress = () => {} }) {
      const { body, path } = await bodyOf(input);
      const offer = worker.offer({
        id: `trial ${(runs += 1)}`,
        submitter: "trial",
        skill,
        skillVersion: "",
        priority: 96,
        input: body,
        deadline: clock.monotonic() + timeoutMs,
        signal,
        ...(path === undefined ? {} : { fetchInput: () => Promise.resolve(path) }),
        onStart: () => {},
        onProgress: progress,
      });
      if (offer.verdict === "refused") throw new ErrandError(offer.code, offer.message);
      const { body: made, usage, release } = await offer.result;
      const bytes = made.type === jsonType ? (made.bytes ?? (await readFile(made.file))) : undefined;
      if (bytes !== undefined) {
        const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
        return { output: JSON.parse(text) as unknown, usage, release };
      }
      if (made.file === undefined)
        throw new ErrandError("Internal", "bytes that are neither JSON nor a file");
      const { size: sizeBytes } = await stat(made.file);
      return { file: { path: made.file, type: made.type, sizeBytes }, usage, release };
    },
    close: () => running.disposeAsync(),
  };
}

async function bodyOf(input: TrialInput): Promise<{ body: Body; path?: string }> {
  if ("value" in input) return { body: jsonBody(input.value) };
  if ("text" in input) return { body: { bytes: Buffer.from(input.text), type: input.type ?? "text/plain" } };
  const { path, type } = input;
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
    const { size: sizeBytes } = await stat(path);
    return { body: { blob: { hash: hash.digest("hex"), sizeBytes }, type }, path };
  } catch (cause) {
    throw new ErrandError("InvalidInput", `cannot read the file ${path}`, { cause });
  }
}
