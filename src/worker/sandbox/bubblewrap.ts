/**
 * The command line that puts a process into namespaces of its own, by bubblewrap: an empty root with the system's programs
 * read-only, no network, no other processes, no way to new privileges or namespaces. Pure: nothing is started here.
 */
import { lstatSync, readlinkSync, existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { RunLimits } from "../../skills/run-limits.ts";

export interface Mount {
  /** Absolute, the same inside and outside. */
  path: string;
  write?: boolean;
}

export interface Enclosure {
  bwrap: string;
  prlimit: string;
  argv: readonly string[];
  limits: RunLimits;
  /** Default: none, not even the host's loopback. */
  network: boolean;
  mounts: readonly Mount[];
  /** Copied from its descriptor to the same path inside, read-only. */
  input?: string;
  /** An absolute path inside; default: the scratch folder. */
  cwd?: string;
  /** Bound of one process's address space; where memory is not bounded for all together. */
  addressSpaceBytes?: number;
}

/** Inside; in memory, bounded, gone with the run. */
export const scratchInside = "/scratch";

const MiB = 1024 * 1024;
/** Temporary folder and shared memory, each. */
export const smallTmpfsBytes = 8 * MiB;
const openFiles = 256;
/** Of the system, besides /usr: what the loader, name resolution and programs with alternatives look for. */
const etc = ["ld.so.cache", "alternatives", "localtime", "ssl/certs", "ssl/openssl.cnf", "mime.types"];
const etcForNetwork = ["resolv.conf", "hosts", "nsswitch.conf", "host.conf", "services"];
const roots = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/** The file descriptor on which bubblewrap reads the seccomp program, and the one on which it tells how it went. */
export const seccompFd = 9;
export const statusFd = 8;
/** And on which it finds the input's bytes. */
export const inputFd = 7;

export function enclose(enclosure: Enclosure): string[] {
  const { limits, network, mounts, cwd } = enclosure;
  const line = [enclosure.bwrap, "--unshare-all", "--unshare-user", "--disable-userns"];
  if (network) line.push("--share-net");
  line.push("--new-session", "--die-with-parent", "--cap-drop", "ALL", "--hostname", "errand");
  line.push("--ro-bind", "/usr", "/usr");
  for (const root of roots) line.push(...systemFolder(root));
  for (const name of network ? [...etc, ...etcForNetwork] : etc) {
    line.push("--ro-bind-try", `/etc/${name}`, `/etc/${name}`);
  }
  line.push("--proc", "/proc", "--dev", "/dev");
  line.push("--size", String(smallTmpfsBytes), "--tmpfs", "/dev/shm");
  line.push("--size", String(smallTmpfsBytes), "--tmpfs", "/tmp");
  line.push("--size", String(limits.scratchBytes), "--tmpfs", scratchInside);
  for (const { path, write } of mounts) {
    if (!isAbsolute(path)) throw new TypeError(`a mount must be absolute: ${path}`);
    line.push(write === true ? "--bind" : "--ro-bind", path, path);
  }
  if (enclosure.input !== undefined) line.push("--ro-bind-data", String(inputFd), enclosure.input);
  line.push("--remount-ro", "/dev", "--remount-ro", "/");
  line.push("--chdir", cwd ?? scratchInside);
  line.push("--seccomp", String(seccompFd), "--json-status-fd", String(statusFd), "--");
  // Inside, so that processes are counted in this user namespace alone and not with all others of the same user.
  line.push(enclosure.prlimit, ...resourceLimits(enclosure), "--", ...enclosure.argv);
  return line;
}

function resourceLimits({ limits, addressSpaceBytes }: Enclosure): string[] {
  const seconds = Math.ceil((limits.wallMs / 1_000) * limits.cpuCores) + 1;
  return [
    `--nproc=${limits.processes}`,
    `--nofile=${openFiles}`,
    `--fsize=${Math.max(limits.scratchBytes, smallTmpfsBytes)}`,
    `--cpu=${seconds}`,
    "--core=0",
    "--memlock=0",
    "--msgqueue=0",
    ...(addressSpaceBytes === undefined ? [] : [`--as=${addressSpaceBytes}`]),
  ];
}

/** `/bin` and its like: a link into /usr on most systems of today, a folder on others, or not there. */
function systemFolder(path: string): string[] {
  if (!existsSync(path)) return [];
  if (lstatSync(path).isSymbolicLink()) return ["--symlink", readlinkSync(path), path];
  return ["--ro-bind", path, path];
}
