/**
 * Folders of single runs. Their names come from here alone, so no peer has a say in a path. Each life of the worker has a
 * folder of its own above them; what a killed one left is removed when the next begins to work.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../core/clock.ts";
import type { Log } from "../core/log.ts";

export interface Scratch {
  /** A path that is not there yet; whoever needs the folder makes it. */
  path(): string;
  /** Removes a folder made at such a path, if it was made. Never throws. */
  remove(path: string): Promise<void>;
  /** Removes what earlier lives left, once. Called with the first run, so that a node starts without waiting for a disk. */
  sweep(): void;
  close(): Promise<void>;
}

export function createScratch({ root, random, log }: { root: string; random: Random; log: Log }): Scratch {
  const part = (): string => Math.floor(random() * 2 ** 40).toString(36);
  const life = part() + part();
  let runs = 0;
  let swept: Promise<void> | undefined;

  // Code that was ended a moment ago may still be writing its last file: try again.
  async function remove(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }).catch((error: unknown) =>
      log.warn({ err: error, path }, "a scratch folder could not be removed"),
    );
  }

  async function removeOthers(): Promise<void> {
    const entries = await readdir(root).catch(() => []);
    await Promise.all(entries.filter((entry) => entry !== life).map((entry) => remove(join(root, entry))));
  }

  return {
    path() {
      runs += 1;
      return join(root, life, runs.toString(36));
    },
    remove,
    sweep() {
      swept ??= removeOthers();
    },
    async close() {
      await swept;
      await remove(join(root, life));
    },
  };
}
