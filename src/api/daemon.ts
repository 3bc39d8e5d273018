/**
 * The daemon: one node and its API over one data folder, from start to stop. It knows no signals of the process
 * (`supervise.ts`) and prints nothing: the caller is told when it is ready.
 */
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { ErrandError } from "../core/errors.ts";
import { createLog, type Log } from "../core/log.ts";
import type { NodeConfig } from "../node/config.ts";
import { dataFiles } from "../node/data-folder.ts";
import type { ErrandNode } from "../node/node.ts";
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
  try {
    const made = await mkdir(dataDir, { recursive: true, mode: 0o700 });
    // The mode of mkdir is subject to the umask, which may be stricter but never opens a folder.
    if (made !== undefined) await chmod(dataDir, 0o700);
  } catch (cause) {
    throw new ErrandError("InvalidConfig", `cannot make the data folder ${dataDir}`, {
      hint: "Choose one that you may write to, with --data or ERRAND_DATA.",
      cause,
    });
  }
}

/** Complete or not there: a command that starts at this very moment must not read half a file. */
async function announce(file: string, content: ApiFile): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  await rename(temporary, file);
}
