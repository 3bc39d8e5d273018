/**
 * The daemon: one node and its API over one data folder, from start to stop. It knows no signals of the process
 * (`supervise.ts`) and prints nothing: the caller is told when it is ready.
 */
import { once } from "node:events";
import { constants, existsSync } from "node:fs";
import { access, chmod, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ErrandError } from "../core/errors.ts";
import { createLog, type Log } from "../core/log.ts";
import type { NodeConfig } from "../node/config.ts";
import { dataFiles } from "../node/data-folder.ts";
import type { ErrandNode } from "../node/node.ts";
import { tuneRuntime } from "../node/runtime.ts";
import { checkLoopback, loadToken } from "./access.ts";
import type { ApiFile } from "./endpoint.ts";
import { startApi } from "./server.ts";

export { resolveConfig, type ConfigFlags, type NodeConfig } from "../node/config.ts";

export interface DaemonReady {
  peerId: string;
  addresses: string[];
  /** URL. */
  api: string;
  dataDir: string;
  skills: string[];
}

export interface DaemonOptions {
  /** Aborted to stop; waited for while running. */
  signal: AbortSignal;
  onReady?: (ready: DaemonReady) => void;
  /** Attempts of others that run get this long at the stop. */
  graceMs?: number;
  log?: Log;
  /** For tests; the real one is loaded when needed, for it brings libp2p along. */
  createNode?: (config: NodeConfig) => Promise<ErrandNode>;
}

async function createRealNode(config: NodeConfig): Promise<ErrandNode> {
  tuneRuntime();
  const { createNode } = await import("../node/create.ts");
  return createNode(config);
}

/** Runs until the signal or a shutdown request, and resolves when all is down. Throws `Conflict`, `InvalidConfig`, … */
export async function runDaemon(config: NodeConfig, options: DaemonOptions): Promise<void> {
  const { signal, graceMs = 5_000, log = createLog(config.logLevel), createNode = createRealNode } = options;
  const files = dataFiles(config.dataDir);
  const asked = new AbortController();
  const stopping = AbortSignal.any([signal, asked.signal]);
  checkLoopback(config.api.host);
  await makeDataDir(config.dataDir);
  // Unwinds in reverse, each step although another failed: the file that announces the API goes first, the node last.
  await using stack = new AsyncDisposableStack();
  // The node locks the folder: from here on nobody else writes these files.
  const node = await createNode(config);
  stack.defer(() => node.stop({ graceMs }));
  const token = await loadToken(files.tokenFile);
  await node.start();
  if (stopping.aborted) return;
  const api = await startApi({
    ...config.api,
    node,
    token,
    log,
    config,
    onShutdownRequest: () => asked.abort(),
  });
  stack.defer(() => api.close());
  stack.defer(() => rm(files.apiFile, { force: true }));
  await announce(files.apiFile, { url: api.url, pid: process.pid, peerId: node.peerId });
  const { addresses, skills } = node.status();
  options.onReady?.({ peerId: node.peerId, addresses, api: api.url, dataDir: config.dataDir, skills });
  if (!stopping.aborted) await once(stopping, "abort");
  log.info("stopping");
}

async function makeDataDir(dataDir: string): Promise<void> {
  const hint = "Choose a folder that you may write to, with --data or ERRAND_DATA.";
  try {
    await makeFolder(dataDir);
  } catch (cause) {
    throw new ErrandError("InvalidConfig", `cannot make the data folder ${dataDir}`, { hint, cause });
  }
  try {
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new ErrandError("InvalidConfig", `the data folder ${dataDir} cannot be written`, { hint, cause });
  }
}

/** With those above it. Not by `recursive`: where a file system says ENOENT to every name, as /proc does, that tries for ever. */
async function makeFolder(path: string): Promise<void> {
  if (existsSync(path) && (await stat(path)).isDirectory()) return;
  if (!existsSync(dirname(path))) await makeFolder(dirname(path));
  await mkdir(path, { mode: 0o700 });
  // The mode of mkdir is subject to the umask, which may be stricter but never opens a folder.
  await chmod(path, 0o700);
}

/** Complete or not there: a command that starts at this very moment must not read half a file. */
async function announce(file: string, content: ApiFile): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  await rename(temporary, file);
}
