/**
 * Installs a Debian package that a test needs and the machine does not have, where that is possible: as root, with apt-get, and
 * unless ERRAND_TEST_NO_APT=1 forbids it. One process at a time, each package once; otherwise the caller skips and says why.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const aptMs = 60_000;
/** What could not be had is not tried again by the next test file. */
const failureKeptMs = 10 * 60_000;
/** A lock older than this belongs to somebody who was killed. */
const staleMs = 2 * aptMs;

const failureFile = (what: string): string => join(tmpdir(), `errand-test-${what}.failed`);

/** Why `what` could not be had a while ago. */
export function failedBefore(what: string): string | undefined {
  const file = failureFile(what);
  try {
    if (Date.now() - statSync(file).mtimeMs < failureKeptMs) return readFileSync(file, "utf8");
  } catch {
    // Nothing failed.
  }
  return undefined;
}

export function noteFailure(what: string, reason: string): string {
  writeFileSync(failureFile(what), reason);
  return reason;
}

/** Resolves with the reason when `program` is still missing afterwards, else with undefined. */
export async function ensureProgram(program: string, packageName: string): Promise<string | undefined> {
  const there = (): boolean =>
    ["/usr/bin", "/bin", "/usr/sbin"].some((folder) => existsSync(join(folder, program)));
  if (there()) return undefined;
  if (process.env["ERRAND_TEST_NO_APT"] === "1") return `${program} is missing and ERRAND_TEST_NO_APT=1`;
  if (process.getuid?.() !== 0) return `${program} is missing, and only root could install ${packageName}`;
  if (!existsSync("/usr/bin/apt-get")) return `${program} is missing, and there is no apt-get`;
  const before = failedBefore(packageName);
  if (before !== undefined) return before;
  const lock = join(tmpdir(), `errand-test-apt-${packageName}`);
  const deadline = Date.now() + staleMs;
  while (!(await taken(lock))) {
    if (Date.now() > deadline) return `${program} is missing, and another process installs for ever`;
    await delay(200);
    if (there()) return undefined;
  }
  try {
    if (there()) return undefined;
    return await install(packageName).then(
      () => (there() ? undefined : `${packageName} was installed and brought no ${program}`),
      (error: Error) =>
        noteFailure(packageName, `${packageName} could not be installed: ${error.message.split("\n", 1)[0]}`),
    );
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch {
    const found = await stat(lock).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > staleMs)
      await rm(lock, { recursive: true, force: true });
    return false;
  }
}

async function install(packageName: string): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = { env, timeout: aptMs, killSignal: "SIGKILL" as const };
  const get = ["-y", "-q", "--no-install-recommends", "install", packageName];
  // The lists of a fresh image are empty; those of others are mostly new enough.
  await run("apt-get", get, options).catch(async () => {
    await run("apt-get", ["-q", "update"], options);
    await run("apt-get", get, options);
  });
}
