/**
 * A Docker or Podman of the tests' own: programs out of Debian's packages, a data root that is removed afterwards, and an image made
 * on the spot from a static busybox. Needs root on Linux; where it cannot be had, the tests are skipped and say why.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { createEngine, type Engine } from "../../src/worker/executors/container-engine.ts";
import { findPrograms, type ProgramSet } from "./debian-programs.ts";
import { until } from "./until.ts";

const run = promisify(execFile);

export type EngineKind = "docker" | "podman";

export interface TestEngine {
  kind: EngineKind;
  socket: string;
  engine: Engine;
  /** `busybox` with its usual programs in /bin. */
  image: string;
  close(): Promise<void>;
}

const docker: ProgramSet = {
  name: "docker",
  packages: ["docker.io", "containerd", "runc", "busybox-static"],
  programs: ["dockerd", "containerd", "containerd-shim-runc-v2", "runc", "busybox"],
};
/** With Docker's runc. */
const podman: ProgramSet = {
  name: "podman",
  packages: [
    "podman",
    "conmon",
    "libgpgme11",
    "libassuan0",
    "libsubid4",
    "libdevmapper1.02.1",
    "libglib2.0-0",
  ],
  programs: ["podman", "conmon"],
  libraries: true,
};
const applets =
  "sh cat cp dd echo env false head id kill ln ls mkdir mount nc rm seq sha256sum sleep tail touch true wc wget yes";
const startMs = 60_000;
const stopMs = 15_000;

/** Resolves with the reason when there can be none. Whoever gets one closes it. */
export async function startTestEngine(
  kind: EngineKind = "docker",
): Promise<TestEngine | { missing: string }> {
  const name = kind === "docker" ? "Docker" : "Podman";
  if (process.platform !== "linux") return { missing: "containers need Linux" };
  if (process.getuid?.() !== 0) return { missing: "only root can start a container engine" };
  let folders: string[];
  try {
    folders = [await findPrograms(docker), ...(kind === "podman" ? [await findPrograms(podman)] : [])];
  } catch (error) {
    return { missing: `${name} could not be had: ${(error as Error).message.split("\n", 1)[0]}` };
  }
  const data = await mkdtemp(join(tmpdir(), `errand-${kind}-`));
  const socket = join(data, "engine.sock");
  const start = kind === "docker" ? startDocker : startPodman;
  const daemon = await start(folders, data, socket);
  try {
    const engine = createEngine(socket);
    const ping = (): Promise<boolean> =>
      engine.call("GET", "/info", { signal: AbortSignal.timeout(5_000) }).then(() => true);
    await until("the engine answers", () => daemon.exited === undefined && ping(), startMs).catch(
      (error: Error) => {
        throw new Error(`${error.message}; it said: ${daemon.words().slice(-500)}`);
      },
    );
    const image = await importBusybox(engine, folders[0] as string, data);
    return { kind, socket, engine, image, close: () => stop(daemon, data) };
  } catch (error) {
    await stop(daemon, data);
    return { missing: `${name} does not start here: ${(error as Error).message.replaceAll("\n", " ")}` };
  }
}

interface Daemon {
  child: ChildProcess;
  exited: Promise<void> | undefined;
  words(): string;
}

function startDocker([folder = ""]: string[], data: string, socket: string): Promise<Daemon> {
  const own = (name: string): string => join(data, name);
  const args = [
    "--iptables=false",
    "--ip6tables=false",
    "--ip-masq=false",
    "--bridge=none",
    `--data-root=${own("data")}`,
    `--exec-root=${own("exec")}`,
    `--host=unix://${socket}`,
    `--pidfile=${own("pid")}`,
  ];
  const env = { PATH: `${folder}${delimiter}/usr/sbin:/usr/bin:/sbin:/bin`, HOME: data };
  return Promise.resolve(startDaemon(join(folder, "dockerd"), args, env));
}

/** What Debian's settings leave to systemd, which these machines do not have, is said in files of its own, apart from a Podman that is here. */
async function startPodman(
  [dockers = "", folder = ""]: string[],
  data: string,
  socket: string,
): Promise<Daemon> {
  const own = (name: string): string => join(data, name);
  const settings = `[containers]
default_ulimits = []
[engine]
cgroup_manager = "cgroupfs"
tmp_dir = "${own("tmp")}"
static_dir = "${own("libpod")}"
volume_path = "${own("volumes")}"
lock_type = "file"
events_logger = "file"
runtime = "runc"
conmon_path = ["${join(folder, "conmon")}"]
[engine.runtimes]
runc = ["${join(dockers, "runc")}"]
[network]
network_config_dir = "${own("networks")}"
`;
  const storage = `[storage]
driver = "overlay"
graphroot = "${own("data")}"
runroot = "${own("run")}"
`;
  await writeFile(own("containers.conf"), settings);
  await writeFile(own("storage.conf"), storage);
  await mkdir(own(".config/containers"), { recursive: true });
  await writeFile(
    own(".config/containers/policy.json"),
    JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }),
  );
  const env = {
    PATH: `${dockers}${delimiter}${folder}${delimiter}/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: data,
    XDG_RUNTIME_DIR: own("run"),
    LD_LIBRARY_PATH: join(folder, "lib"),
    CONTAINERS_CONF: own("containers.conf"),
    CONTAINERS_STORAGE_CONF: own("storage.conf"),
  };
  return startDaemon(join(folder, "podman"), ["system", "service", "--time=0", `unix://${socket}`], env);
}

function startDaemon(program: string, args: string[], env: NodeJS.ProcessEnv): Daemon {
  // In a folder of its own: Podman's conmon leaves a file where it stands when a container runs out of memory.
  const child = spawn(program, args, { env, cwd: env["HOME"], stdio: ["ignore", "pipe", "pipe"] });
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
  await unmount(data);
  await rm(data, { recursive: true, force: true, maxRetries: 5 });
}

/** Podman leaves its storage mounted. */
async function unmount(folder: string): Promise<void> {
  const mounts = await readFile("/proc/self/mountinfo", "utf8");
  const points = mounts
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.toReversed()) await run("umount", ["-l", point]).catch(() => undefined);
}
