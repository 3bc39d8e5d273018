/**
 * One container from its creation to its removal, whatever happens in between. It gets what `ContainerJob` says and nothing
 * else: no capabilities, no network, a read-only file system with a small /tmp, bounds on memory, processor and processes.
 */
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { limits } from "../../core/limits.ts";
import type { CgroupPlaces } from "./container-cgroup.ts";
import { EngineRefusal, type Engine } from "./container-engine.ts";
import { demultiplex } from "./container-streams.ts";
import { watchContainer } from "./container-usage.ts";

export interface ContainerJob {
  /** Unique on the engine: a creation whose answer is lost is undone by it. */
  name: string;
  /** Whose it is, to be found again after a crash. */
  labels: Record<string, string>;
  image: string;
  command?: readonly string[];
  env: Record<string, string>;
  workdir?: string;
  /** Undefined: the image's own. */
  user: string | undefined;
  memoryMb: number;
  cpus: number;
  processes: number;
  scratchMb: number;
  network: boolean;
  /** Of this machine, at the same path inside; read-only unless said. */
  mounts: readonly { path: string; write?: boolean }[];
  /** What `gpuConfig` says of its GPUs. */
  gpus?: object;
  /** The engine is Podman. */
  podman: boolean;
  /** The engine's security options, beside those of every container. */
  security: readonly string[];
  /** Written to standard input, which is then closed; undefined for none at all. */
  stdin: Uint8Array | undefined;
  /** Absolute path of a folder of this machine, seen as /in, read-only. */
  inputFolder?: string;
}

export interface ContainerEnd {
  exitCode: number;
  /** Killed for the memory that it took. */
  outOfMemory: boolean;
  cpuMs: number;
  peakMemoryBytes: number;
}

const MiB = 1024 * 1024;
/** An engine under load may take its time, but the run does not wait for it: see `runContainer`. */
const removeWithinMs = 30_000;

/**
 * Runs a container to its end. `take` gets what it writes; what `take` throws ends the container. When `signal` aborts, the
 * container is killed, and the reason thrown when it is gone or after the grace of a cancel; `leftover` is told what is not yet gone.
 */
export async function runContainer(
  engine: Engine,
  job: ContainerJob,
  options: {
    signal: AbortSignal;
    /** Where the engine's cgroups are. */
    places: CgroupPlaces;
    take: (stream: "stdout" | "stderr", piece: Buffer) => Promise<void> | void;
    leftover: (removal: Promise<void>) => void;
  },
): Promise<ContainerEnd> {
  const { signal, places, take } = options;
  const path = `/containers/${job.name}`;
  const connections: Duplex[] = [];
  const drop = (): void => connections.forEach((connection) => connection.destroy());
  signal.addEventListener("abort", drop, { once: true });
  try {
    const { Id: id } = await engine.call<{ Id: string }>("POST", `/containers/create?name=${job.name}`, {
      signal,
      body: creation(job),
    });
    const output = await engine.attach(`${path}/attach?stream=1&stdout=1&stderr=1`, signal);
    connections.push(output);
    const input =
      job.stdin === undefined ? undefined : await engine.attach(`${path}/attach?stream=1&stdin=1`, signal);
    if (input !== undefined) connections.push(input);
    const usage = watchContainer(engine, id, places);
    try {
      await engine.call("POST", `${path}/start`, { signal });
      // On a connection of its own: a container that ends without reading breaks this one, not its output.
      input?.on("error", () => {}).end(job.stdin);
      await demultiplex(output, take);
      const { ExitCode: exitCode, OOMKilled } = await ended(engine, path, signal);
      // Podman says false also when it was: then the kill that nobody here ordered tells.
      return { exitCode, outOfMemory: OOMKilled === true || exitCode === 137, ...usage.stop() };
    } finally {
      usage.stop();
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", drop);
    drop();
    const removal = removeContainer(engine, job.name);
    options.leftover(removal);
    await Promise.race([removal, graceOver()]);
  }
}

interface State {
  Running: boolean;
  ExitCode: number;
  OOMKilled?: boolean;
}

const firstLookMs = 5;
const longestPauseMs = 500;

/**
 * The state of a container that has ended. Its output has, so this is mostly the first look; a container that closed its output
 * and goes on is looked at again. The engines' own way to wait is not used: Podman 4.3 waits on after the end.
 */
async function ended(engine: Engine, path: string, signal: AbortSignal): Promise<State> {
  for (let pauseMs = firstLookMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const { State: state } = await engine.call<{ State: State }>("GET", `${path}/json`, { signal });
    if (!state.Running) return state;
    await delay(pauseMs, undefined, { signal, ref: false });
  }
}

function graceOver(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, limits.cancelGraceMs / 2).unref());
}

/** Kills it if it runs. That there is none is fine. */
export async function removeContainer(engine: Engine, nameOrId: string): Promise<void> {
  const signal = AbortSignal.timeout(removeWithinMs);
  await engine.call("DELETE", `/containers/${nameOrId}?force=1&v=1`, { signal }).catch((error: unknown) => {
    // 409: another removal of it is under way.
    if (!(error instanceof EngineRefusal && (error.status === 404 || error.status === 409))) throw error;
  });
}

const nothing = "ro,nosuid,nodev,noexec,size=64k,mode=755";
/** It lets a container whose file system is read-only write here all the same, as much as its memory holds. */
const podmanTmpfs = { "/run": nothing, "/var/tmp": nothing };

function creation(job: ContainerJob): object {
  const memory = job.memoryMb * MiB;
  const mounts = job.mounts.map(({ path, write }) => bind(path, path, write !== true));
  if (job.inputFolder !== undefined) mounts.push(bind(job.inputFolder, "/in", true));
  return {
    Image: job.image,
    ...(job.command !== undefined && { Cmd: job.command }),
    Env: Object.entries({ HOME: "/tmp", ...job.env }).map(([name, value]) => `${name}=${value}`),
    ...(job.workdir !== undefined && { WorkingDir: job.workdir }),
    ...(job.user !== undefined && { User: job.user }),
    Labels: job.labels,
    AttachStdin: job.stdin !== undefined,
    OpenStdin: job.stdin !== undefined,
    StdinOnce: job.stdin !== undefined,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    HostConfig: {
      Memory: memory,
      // The same: no swap beside it.
      MemorySwap: memory,
      NanoCpus: Math.round(job.cpus * 1e9),
      PidsLimit: job.processes,
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges", ...job.security],
      NetworkMode: job.network ? "default" : "none",
      // Without a mode only root may write there.
      Tmpfs: {
        "/tmp": `rw,nosuid,nodev,size=${job.scratchMb}m,mode=1777`,
        ...(job.podman && podmanTmpfs),
      },
      ShmSize: Math.min(job.scratchMb, 64) * MiB,
      // Else all it writes is also written to a file of the engine's, without a bound.
      LogConfig: { Type: "none" },
      RestartPolicy: { Name: "no" },
      Mounts: mounts,
      ...job.gpus,
    },
  };
}

function bind(source: string, target: string, readOnly: boolean): object {
  return { Type: "bind", Source: source, Target: target, ReadOnly: readOnly };
}
