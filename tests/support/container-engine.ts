/**
 * A Docker engine of the tests' own: its programs out of Debian's packages, unpacked into a folder (installing them would start a
 * daemon and change the machine), a data root that is removed afterwards, and an image made on the spot from a static busybox.
 * Needs root on Linux; where it cannot be had, the tests are skipped and say why. ERRAND_TEST_NO_APT=1 forbids fetching.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readdir, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { createEngine, type Engine } from "../../src/worker/executors/container-engine.ts";
import { failedBefore, noteFailure } from "./apt.ts";
import { until } from "./until.ts";

const run = promisify(execFile);

export interface TestEngine {
  socket: string;
  engine: Engine;
  /** `busybox` with its usual programs in /bin. */
  image: string;
  close(): Promise<void>;
}

const packages = ["docker.io", "containerd", "runc", "busybox-static"];
const programs = ["dockerd", "containerd", "containerd-shim-runc-v2", "runc", "busybox"];
const applets =
  "sh cat cp dd echo env false head id kill ln ls mkdir mount nc rm seq sha256sum sleep tail touch true wc wget yes";
const fetchMs = 75_000;
const startMs = 60_000;
const stopMs = 15_000;

/** Resolves with the reason when there can be none. Whoever gets one closes it. */
export async function startTestEngine(): Promise<TestEngine | { missing: string }> {
  if (process.platform !== "linux") return { missing: "containers need Linux" };
  if (process.getuid?.() !== 0) return { missing: "only root can start a container engine" };
  let folder: string;
  try {
    folder = await findPrograms();
  } catch (error) {
    return { missing: `Docker could not be had: ${(error as Error).message.split("\n", 1)[0]}` };
  }
  const data = await mkdtemp(join(tmpdir(), "errand-docker-"));
  const socket = join(data, "d.sock");
  const daemon = startDaemon(folder, data, socket);
  try {
    const engine = createEngine(socket);
    const ping = (): Promise<boolean> =>
      engine.call("GET", "/info", { signal: AbortSignal.timeout(5_000) }).then(() => true);
    await until("the engine answers", () => daemon.exited === undefined && ping(), startMs).catch(
      (error: Error) => {
        throw new Error(`${error.message}; it said: ${daemon.words().slice(-500)}`);
      },
    );
    const image = await importBusybox(engine, folder, data);
    return { socket, engine, image, close: () => stop(daemon, data) };
  } catch (error) {
    await stop(daemon, data);
    return { missing: `Docker does not start here: ${(error as Error).message.replaceAll("\n", " ")}` };
  }
}

/** A folder with all programs: what an earlier test file has unpacked, or unpacked now. */
async function findPrograms(): Promise<string> {
  const folder = join(tmpdir(), "errand-test-docker");
  const complete = (): boolean => programs.every((program) => existsSync(join(folder, program)));
  if (complete()) return folder;
  if (process.env["ERRAND_TEST_NO_APT"] === "1") throw new Error("ERRAND_TEST_NO_APT=1");
  const before = failedBefore("docker");
  if (before !== undefined) throw new Error(before);
  const work = await mkdtemp(join(tmpdir(), "errand-fetch-"));
  try {
    const options = { cwd: work, timeout: fetchMs, killSignal: "SIGKILL" as const };
    // The lists of a fresh image are empty; those of others are mostly new enough.
    await run("apt-get", ["-q", "download", ...packages], options).catch(async () => {
      await run("apt-get", ["-q", "update"], options);
      await run("apt-get", ["-q", "download", ...packages], options);
    });
    for (const name of await readdir(work)) {
      if (name.endsWith(".deb")) await run("dpkg-deb", ["-x", name, "root"], options);
    }
    const ready = join(work, "ready");
    await mkdir(ready);
    for (const program of programs) {
      const found = ["usr/sbin", "usr/bin", "bin"]
        .map((path) => join(work, "root", path, program))
        .find(existsSync);
      if (found === undefined) throw new Error(`no package brought ${program}`);
      await cp(found, join(ready, program), { dereference: true });
    }
    // Another test file may have been faster.
    await rename(ready, folder).catch((error: unknown) => {
      if (!complete()) throw error;
    });
    return folder;
  } catch (error) {
    noteFailure("docker", (error as Error).message);
    throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Daemon {
  child: ChildProcess;
  exited: Promise<void> | undefined;
  words(): string;
}

function startDaemon(folder: string, data: string, socket: string): Daemon {
  const own = (name: string): string => join(data, name);
  const child = spawn(
    join(folder, "dockerd"),
    [
      "--iptables=false",
      "--ip6tables=false",
      "--ip-masq=false",
      "--bridge=none",
      `--data-root=${own("data")}`,
      `--exec-root=${own("exec")}`,
      `--host=unix://${socket}`,
      `--pidfile=${own("pid")}`,
    ],
    {
      env: { PATH: `${folder}${delimiter}/usr/sbin:/usr/bin:/sbin:/bin`, HOME: data },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let words = "";
  const hear = (text: Buffer): void => {
    words = (words + text.toString()).slice(-4_000);
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const kill = (): boolean => child.kill("SIGKILL");
  process.once("exit", kill);
  const daemon: Daemon = { child, exited: undefined, words: () => words };
  child.once("error", (error) => (words += error.message));
  child.once("exit", () => {
    process.off("exit", kill);
    daemon.exited = Promise.resolve();
  });
  return daemon;
}

async function importBusybox(engine: Engine, folder: string, data: string): Promise<string> {
  const root = join(data, "rootfs");
  await mkdir(join(root, "bin"), { recursive: true });
  await cp(join(folder, "busybox"), join(root, "bin/busybox"));
  await chmod(join(root, "bin/busybox"), 0o755);
  for (const applet of applets.split(" ")) await symlink("busybox", join(root, "bin", applet));
  const { stdout: packed } = await run("tar", ["-C", root, "-c", "."], {
    encoding: "buffer",
    maxBuffer: 64 * 1024 * 1024,
  });
  await engine.call("POST", "/images/create?fromSrc=-&repo=busybox&tag=latest", {
    signal: AbortSignal.timeout(startMs),
    bytes: { type: "application/x-tar", data: packed },
  });
  return "busybox";
}

async function stop({ child, exited }: Daemon, data: string): Promise<void> {
  if (exited === undefined && child.pid !== undefined) {
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), stopMs);
    await gone;
    clearTimeout(late);
  }
  await rm(data, { recursive: true, force: true, maxRetries: 5 });
}
