/**
 * T2: containers of Docker or Podman. The tier is there when an engine was found and a program of ours, run in it exactly as
 * skills are, could neither reach a network, nor write, nor make processes without end, nor take more memory than allowed.
 * Engines say of themselves what they would do; some (rootless Podman on cgroup v1) take a bound and ignore it.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile, chmod } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ErrandError } from "../../core/errors.ts";
import type { ContainerHost } from "../executors/container.ts";
import { createEngine, EngineRefusal, type Engine } from "../executors/container-engine.ts";
import { usualBounds } from "../executors/container-plan.ts";
import { removeContainer, runContainer, type ContainerJob } from "../executors/container-run.ts";
import { usualSockets } from "../executors/container-settings.ts";
import { tar } from "../executors/tar.ts";
import { seccompProfile } from "./t2-seccomp.ts";
import { canaryPrograms } from "./t2-program.ts";
import type { Tier, TierReport } from "./tiers.ts";

export interface ContainerTierOptions {
  /** Its engine is set when the canary has passed. */
  host: ContainerHost;
  /** For a file that the canary must be able to see; made when needed. */
  folder: string;
  /** Whether anything here is to run in containers. If not, nothing is run in anybody's engine to find out. */
  wanted: boolean;
  env?: NodeJS.ProcessEnv;
}

/** What the canary says was refused, bit by bit (scripts/canary/canary.c). */
const bits = [
  { bit: 1, holds: "no network", fails: "a container without a network can reach one" },
  { bit: 2, holds: "read-only file system", fails: "a read-only container can write" },
  { bit: 4, holds: "processes bounded", fails: "processes are not bounded" },
  { bit: 16, holds: "no AF_VSOCK", fails: "a container can open sockets to the hypervisor (AF_VSOCK)" },
] as const;
const seesFile = 8;
/** By the end of a container that was killed for its memory. */
const killed = 137;
const probeMs = 3_000;

export function createContainerTier({ host, folder, wanted, env = process.env }: ContainerTierOptions): Tier {
  return {
    name: "T2",
    title: "containers of Docker or Podman",
    async check(signal) {
      const tried: string[] = [];
      const missing = (message: string, hint: string): TierReport => ({
        tier: "T2",
        ok: false,
        message,
        hint,
        tried,
      });
      if (!wanted) {
        const sockets = usualSockets(env, process.getuid?.()).filter((socket) => existsSync(socket));
        return missing(
          sockets.length > 0
            ? `not asked for: nothing is configured to run in containers, an engine may be at ${sockets[0]}`
            : "not asked for, and no container engine is to be seen",
          "Skills with an image, or containers: { images: [...] } in the configuration, run in Docker or Podman.",
        );
      }
      const silent: string[] = [];
      const found = await findEngine(host, env, signal, silent);
      tried.push("an engine that answers");
      if (found === undefined) {
        return missing(
          `no container engine answers (${silent.join("; ")})`,
          "Install Docker or Podman, let this user open its socket, or name it: containers: { socket: PATH }.",
        );
      }
      await removeLeftovers(found, host.owner, signal);
      const podman = await isPodman(found, signal);
      const security = await securityOptions(podman, folder);
      const problem = await tryEngine(found, host, { security, podman }, folder, signal, tried);
      if (problem !== undefined) tried.push(problem);
      if (problem !== undefined) return missing(problem, "Containers of this engine are not used.");
      host.engine = found;
      host.security = security;
      host.podman = podman;
      return {
        tier: "T2",
        ok: true,
        message: `the engine at ${found.socketPath} bounds what it runs`,
        hint: "",
        tried,
      };
    },
  };
}

async function findEngine(
  { settings }: ContainerHost,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  silent: string[],
): Promise<Engine | undefined> {
  const sockets = settings.socket === undefined ? usualSockets(env, process.getuid?.()) : [settings.socket];
  for (const socket of new Set(sockets)) {
    const engine = createEngine(socket);
    try {
      const probe = AbortSignal.any([signal, AbortSignal.timeout(probeMs)]);
      const { OSType = "linux" } = await engine.call<{ OSType?: string }>("GET", "/info", { signal: probe });
      if (OSType === "linux") return engine;
    } catch (error) {
      signal.throwIfAborted();
      const { code } = (error as { cause?: { code?: string } }).cause ?? {};
      silent.push(`${socket}: ${code === "ENOENT" ? "not there" : (code ?? (error as Error).message)}`);
    }
  }
  return undefined;
}

async function isPodman(engine: Engine, signal: AbortSignal): Promise<boolean> {
  const { Components = [] } = await engine.call<{ Components?: { Name?: string }[] }>("GET", "/version", {
    signal,
  });
  return Components.some(({ Name = "" }) => /podman/i.test(Name));
}

/** Docker takes a profile itself, Podman the path of one. */
async function securityOptions(podman: boolean, folder: string): Promise<string[]> {
  const profile = seccompProfile(process.arch);
  if (profile === undefined) return [];
  if (!podman) return [`seccomp=${profile}`];
  const path = `${folder}-seccomp.json`;
  await writeFile(path, profile, { mode: 0o644 });
  return [`seccomp=${path}`];
}

/** What an earlier life of this node did not get to remove. */
export async function removeLeftovers(engine: Engine, owner: string, signal: AbortSignal): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`errand.node=${owner}`] }));
  const left = await engine.call<{ Id: string }[]>("GET", `/containers/json?all=1&filters=${filters}`, {
    signal,
  });
  await Promise.all(left.map(({ Id }) => removeContainer(engine, Id)));
}

/** What is wrong with the engine; undefined when all that must hold holds. */
async function tryEngine(
  engine: Engine,
  host: ContainerHost,
  { security, podman }: Pick<ContainerHost, "security" | "podman">,
  folder: string,
  signal: AbortSignal,
  tried: string[],
): Promise<string | undefined> {
  const packed = canaryPrograms[process.arch];
  if (packed === undefined) return `there is no canary for the processor architecture ${process.arch}`;
  const image = `errand-canary-${host.owner.slice(-12).toLowerCase()}`;
  const inputFolder = await mkdtemp(`${folder}-`);
  const removals: Promise<void>[] = [];
  const run = async (mode: string, more: Partial<ContainerJob>): Promise<number> => {
    const job: ContainerJob = {
      ...usualBounds,
      name: `${image}-${mode}`,
      labels: { "errand.node": host.owner },
      image,
      command: ["/canary", mode],
      env: {},
      user: "65534:65534",
      network: false,
      mounts: [],
      security,
      podman,
      stdin: undefined,
      ...more,
    };
    const end = await runContainer(engine, job, {
      signal,
      places: host.places,
      take: () => {},
      leftover: (removal) => void removals.push(removal),
    });
    return end.exitCode;
  };
  try {
    await chmod(inputFolder, 0o755);
    await writeFile(join(inputFolder, "canary"), "k", { mode: 0o444 });
    await importImage(engine, image, gunzipSync(Buffer.from(packed, "base64")), signal);
    const refused = await run("c", { inputFolder, processes: 16 });
    for (const { bit, holds, fails } of bits) {
      if ((refused & bit) === 0) return fails;
      tried.push(holds);
    }
    if ((refused & seesFile) === 0) return "the engine does not see this machine's files";
    tried.push("files can be lent");
    if ((await run("m", { memoryMb: 32 })) !== killed) return "memory is not bounded";
    tried.push("memory bounded");
    return undefined;
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
    throw new ErrandError("SkillFailed", `the engine refused the canary: ${error.message}`, { cause: error });
  } finally {
    await Promise.allSettled(removals);
    await engine
      .call("DELETE", `/images/${image}?force=1`, { signal: AbortSignal.timeout(probeMs) })
      .catch(() => undefined);
    await rm(inputFolder, { recursive: true, force: true });
  }
}

/** An image of one file. */
async function importImage(
  engine: Engine,
  image: string,
  program: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const data = tar([{ name: "canary", data: program, mode: 0o755 }]);
  const path = `/images/create?fromSrc=-&repo=${image}&tag=latest`;
  const last = await engine.call<{ error?: string } | undefined>("POST", path, {
    signal,
    bytes: { type: "application/x-tar", data },
  });
  if (last?.error !== undefined) throw new ErrandError("SkillFailed", `importing the canary: ${last.error}`);
}
