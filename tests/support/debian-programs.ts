/**
 * Programs out of Debian's packages, unpacked into a folder: installing them would start daemons and change the machine. What one test
 * file has fetched the next ones use. ERRAND_TEST_NO_APT=1 forbids fetching.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { failedBefore, noteFailure } from "./apt.ts";

const run = promisify(execFile);
const fetchMs = 75_000;

export interface ProgramSet {
  /** Names the folder. */
  name: string;
  packages: readonly string[];
  programs: readonly string[];
  /** Shared libraries of the packages go into `lib`, for the loader. */
  libraries?: boolean;
}

/** A folder with all programs. Throws with the reason. */
export async function findPrograms({ name, packages, programs, libraries }: ProgramSet): Promise<string> {
  const folder = join(tmpdir(), `errand-test-${name}`);
  const complete = (): boolean => programs.every((program) => existsSync(join(folder, program)));
  if (complete()) return folder;
  if (process.env["ERRAND_TEST_NO_APT"] === "1") throw new Error("ERRAND_TEST_NO_APT=1");
  const before = failedBefore(name);
  if (before !== undefined) throw new Error(before);
  const work = await mkdtemp(join(tmpdir(), "errand-fetch-"));
  try {
    const ready = join(work, "ready");
    await mkdir(ready);
    await unpack(packages, work);
    for (const program of programs)
      await cp(await found(work, program), join(ready, program), { dereference: true });
    if (libraries === true) await collectLibraries(work, join(ready, "lib"));
    // Another test file may have been faster.
    await rename(ready, folder).catch((error: unknown) => {
      if (!complete()) throw error;
    });
    return folder;
  } catch (error) {
    noteFailure(name, (error as Error).message);
    throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function unpack(packages: readonly string[], work: string): Promise<void> {
  const options = { cwd: work, timeout: fetchMs, killSignal: "SIGKILL" as const };
  // The lists of a fresh image are empty; those of others are mostly new enough.
  await run("apt-get", ["-q", "download", ...packages], options).catch(async () => {
    await run("apt-get", ["-q", "update"], options);
    await run("apt-get", ["-q", "download", ...packages], options);
  });
  for (const name of await readdir(work)) {
    if (name.endsWith(".deb")) await run("dpkg-deb", ["-x", name, "root"], options);
  }
}

async function found(work: string, program: string): Promise<string> {
  const path = ["usr/sbin", "usr/bin", "bin"]
    .map((folder) => join(work, "root", folder, program))
    .find(existsSync);
  if (path === undefined) throw new Error(`no package brought ${program}`);
  return path;
}

/** Under all their names: a link may lead from one package into another. */
async function collectLibraries(work: string, into: string): Promise<void> {
  await mkdir(into);
  for (const base of ["usr/lib", "lib"].map((folder) => join(work, "root", folder))) {
    for (const triplet of await readdir(base).catch(() => [])) {
      const folder = join(base, triplet);
      for (const file of await readdir(folder).catch(() => [])) {
        if (!/\.so(?:\.\d+)+$/.test(file)) continue;
        await cp(join(folder, file), join(into, file), { dereference: true }).catch(() => undefined);
      }
    }
  }
}
