/**
 * Starts processes in tier T1: bubblewrap's namespaces, a seccomp filter, limits of each process, and a cgroup for all of
 * them together or, without one, a watch on their memory. Started from the node's main thread: children of a worker
 * thread would go with it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import {
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  statfs,
  writeFile,
  type FileHandle,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { groupGone } from "../../skills/process-group.ts";
import { endGroup } from "../executors/process-group.ts";
import {
  enclose,
  inputFd,
  scratchInside,
  seccompFd,
  smallTmpfsBytes,
  statusFd,
  type Mount,
} from "./bubblewrap.ts";
import { findCgroups, type Cgroup, type Cgroups } from "./cgroup.ts";
import type { Janitor } from "./janitor.ts";
import { memoryBreach, streamsOf, type Launched } from "./launch.ts";
import { watchTree } from "./rss-watch.ts";
import type { RunLimits } from "../../skills/run-limits.ts";
import { seccompProgram } from "./seccomp.ts";

export interface T1Launch {
  argv: readonly string[];
  env: Record<string, string>;
  limits: RunLimits;
  network?: boolean;
  mounts?: readonly Mount[];
  /** A file outside that it may read at the same path; its parent folders may be closed to it. */
  input?: string;
  cwd?: string;
  /** Memory beyond the limits that the runtime itself takes, and that the code in it cannot reach. */
  overheadBytes?: number;
}

export interface T1 {
  /** For people: what bounds memory, and as whom it runs. */
  readonly title: string;
  launch(request: T1Launch): Promise<Launched>;
  /** Tolerates closed-twice. */
  close(): Promise<void>;
}

/** The folders of programs on every system that has them; PATH could be anybody's. */
const programFolders = ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin"];

export function findProgram(name: string): string | undefined {
  return programFolders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function program(name: string, from: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed; it comes with ${from}`);
  return path;
}

/** A user of no other process: systemd keeps these numbers for users that live as long as a service. */
const firstUid = 61_184;
const uids = 4_096;
let started = 0;

// Enters the cgroup while it still may, lets the rest be done by its arguments, and tells the time that all of it took.
const wrapper = `n=$1; shift; CLOSE
while [ "$n" -gt 0 ]; do echo $$ > "$1" || exit 125; shift; n=$((n-1)); done
"$@" 4>&-; code=$?; times >&4; exit $code`;

/** Throws with the reason when something that it needs is missing. That it holds is the canary's to say. */
export async function openT1(janitor: Janitor): Promise<T1> {
  if (process.platform !== "linux") throw new Error("bubblewrap is of Linux");
  const bwrap = program("bwrap", "the package bubblewrap");
  const prlimit = program("prlimit", "util-linux");
  const asRoot = process.getuid?.() === 0;
  const setpriv = asRoot ? program("setpriv", "util-linux") : undefined;
  const filter = seccompProgram(process.arch);
  if (filter === undefined) throw new Error(`no list of system calls for ${process.arch}`);
  const inherited = await inheritedFds();
  // Only larger shells can name descriptors of two digits. This one takes a socket for a login from elsewhere, and would run
  // what its user has for that.
  const shell = inherited.some((fd) => fd > 9)
    ? [program("bash", "the package bash"), "--norc"]
    : ["/bin/sh"];
  const closing = inherited.map((fd) => `exec ${fd}>&-`).join("; ");
  const script = wrapper.replace("CLOSE", closing === "" ? ":" : closing);
  const filterFile = await heldFile(filter);
  let cgroups: Cgroups | undefined;
  let why = "";
  try {
    cgroups = await findCgroups();
  } catch (error) {
    why = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
  }

  const taskset = cgroups === undefined ? findProgram("taskset") : undefined;
  const cores = await allowedCores();
  let nextCore = 0;
  /** Without a cgroup a run is held to its cores by affinity, on those that follow the last run's. */
  const onCores = ({ cpuCores }: RunLimits): string[] => {
    const wanted = Math.ceil(cpuCores);
    if (taskset === undefined || wanted >= cores.length) return [];
    const list = Array.from({ length: wanted }, () => cores[(nextCore += 1) % cores.length]);
    return [taskset, "-c", list.join(",")];
  };
  const dropRoot = (): string[] => {
    if (setpriv === undefined) return [];
    const id = String(firstUid + ((started += 1) % uids));
    return [setpriv, `--reuid=${id}`, `--regid=${id}`, "--clear-groups", "--no-new-privs", "--"];
  };

  async function launch(request: T1Launch): Promise<Launched> {
    // The input is copied into memory, because the folder that it lies in is closed to another user.
    const inputBytes = request.input === undefined ? 0 : (await stat(request.input)).size;
    const bound = request.limits.memoryBytes + (request.overheadBytes ?? 0) + inputBytes;
    const limits = { ...request.limits, memoryBytes: bound };
    const group = await cgroups?.create(limits);
    const letGo = janitor.guard({ cgroups: group?.folders ?? [] });
    const opened: FileHandle[] = [];
    try {
      const program = await open(`/proc/self/fd/${filterFile.fd}`);
      opened.push(program);
      const input = request.input === undefined ? undefined : await open(request.input);
      if (input !== undefined) opened.push(input);
      const line = enclose({
        bwrap,
        prlimit,
        argv: request.argv,
        limits,
        network: request.network === true,
        mounts: request.mounts ?? [],
        ...(request.input === undefined ? {} : { input: request.input }),
        ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
      });
      const entrances = group?.entrances ?? [];
      const stdio: ("pipe" | "ignore" | number)[] = ["pipe", "pipe", "pipe", "pipe", "pipe"];
      for (let fd = stdio.length; fd < statusFd; fd += 1) stdio.push("ignore");
      if (input !== undefined) stdio[inputFd] = input.fd;
      stdio[statusFd] = "pipe";
      stdio[seccompFd] = program.fd;
      const [file = "", ...options] = shell;
      const args = [
        ...options,
        "-c",
        script,
        "sh",
        String(entrances.length),
        ...entrances,
        ...onCores(limits),
        ...dropRoot(),
        ...line,
      ];
      const child = spawn(file, args, { env: request.env, cwd: "/", detached: true, stdio });
      await once(child, "spawn");
      return launchedOf(child, group, { limits, letGo, janitor, watched: group === undefined });
    } catch (error) {
      await group?.remove();
      letGo();
      throw error;
    } finally {
      for (const file of opened) await file.close();
    }
  }

  let closed = false;
  return {
    title: `memory by ${cgroups?.title ?? `a watch (${why})`}, ${asRoot ? "as a user of its own" : "as this user"}`,
    launch,
    async close() {
      if (closed) return;
      closed = true;
      await filterFile.close();
    },
  };
}

/** A file without a name, opened anew by its descriptor: nothing stays behind, and nobody clears it away under us. */
async function heldFile(bytes: Uint8Array): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), "errand-"));
  try {
    const path = join(folder, "seccomp.bpf");
    await writeFile(path, bytes, { mode: 0o600 });
    return await open(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Numbers of the cores that this process may run on: a container may have been given some in the middle. */
async function allowedCores(): Promise<number[]> {
  const status = await readFile("/proc/self/status", "utf8");
  const list = /^Cpus_allowed_list:\s+(\S+)/m.exec(status)?.[1] ?? "0";
  return list.split(",").flatMap((part) => {
    const [from = 0, to = from] = part.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

const closeOnExec = 0o2000000;

/** Descriptors that whoever started the node left open: they would pass through every namespace. Node's own close by themselves. */
async function inheritedFds(): Promise<number[]> {
  const fds = (await readdir("/proc/self/fdinfo")).map(Number).filter((fd) => fd > 2);
  const kept = await Promise.all(
    fds.map(async (fd) => {
      const info = await readFile(`/proc/self/fdinfo/${fd}`, "utf8").catch(() => undefined);
      const flags = Number.parseInt(/^flags:\s+(\d+)/m.exec(info ?? "")?.[1] ?? "", 8);
      return info !== undefined && (flags & closeOnExec) === 0;
    }),
  );
  return fds.filter(
    (fd, index) => kept[index] === true && ![3, 4, inputFd, statusFd, seccompFd].includes(fd),
  );
}

interface Surroundings {
  limits: RunLimits;
  letGo: () => void;
  janitor: Janitor;
  watched: boolean;
}

function launchedOf(
  child: ReturnType<typeof spawn>,
  group: Cgroup | undefined,
  { limits, letGo, janitor, watched }: Surroundings,
): Launched {
  const release = janitor.guard(child.pid === undefined ? {} : { group: child.pid });
  const times = collect(child.stdio[4] as Readable);
  const status = collect((child.stdio as unknown as Readable[])[statusFd] as Readable);
  let breach: string | undefined;
  const kill = (): void => endGroup(child, "SIGKILL");
  const watch = watchTree(child.pid, {
    memoryBytes: watched ? limits.memoryBytes : 0,
    exceeded: () => {
      breach ??= memoryBreach(limits.memoryBytes);
      kill();
    },
    alsoBroken: async () => {
      if (!(await tooManyFiles(status(), limits.scratchBytes))) return false;
      breach = `it made more than the ${mostFiles} files that it may`;
      return true;
    },
  });
  return {
    child,
    ...streamsOf(child),
    terminate: () => endGroup(child, "SIGTERM"),
    kill,
    async finish() {
      kill();
      const seen = watch.stop();
      await groupGone(child.pid);
      const counted = await group?.usage();
      await group?.remove();
      release();
      letGo();
      if (counted?.outOfMemory === true) breach ??= memoryBreach(limits.memoryBytes);
      return {
        cpuMs: counted?.cpuMs ?? Math.max(seen.cpuMs, childrenMs(times())),
        peakMemoryBytes: Math.max(seen.peakMemoryBytes, counted?.peakMemoryBytes ?? 0),
        breach,
      };
    },
  };
}

/** What was written there so far; a few lines at most. */
function collect(stream: Readable): () => string {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => (text = (text + chunk).slice(0, 4_096)));
  stream.on("error", () => {});
  return () => text;
}

/** The second line of the shell's `times`: user and system time of its children, as `0m0.02s 0m0.01s`. */
function childrenMs(times: string): number {
  const line = times.split("\n")[1] ?? "";
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1_000,
    0,
  );
}

/** Files in memory cost the kernel about a kilobyte each that no size of a tmpfs counts. */
const mostFiles = 20_000;

const tmpfsMagic = 0x01021994;

async function tooManyFiles(status: string, scratchBytes: number): Promise<boolean> {
  const pid = /"child-pid": (\d+)/.exec(status)?.[1];
  if (pid === undefined) return false;
  const counts = await Promise.all(
    ["/tmp", "/dev/shm", scratchInside].map((path) =>
      statfs(`/proc/${pid}/root${path}`).then(
        // Until the process has its own root, these are the machine's.
        ({ type, blocks, bsize, files, ffree }) =>
          type === tmpfsMagic && blocks * bsize <= Math.max(scratchBytes, smallTmpfsBytes) + bsize
            ? files - ffree
            : 0,
        () => 0,
      ),
    ),
  );
  return counts.some((count) => count > mostFiles);
}
