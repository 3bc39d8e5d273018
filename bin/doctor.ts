/** The doctor's checks, in order from the machine to the network. Each reads and changes nothing. */
import { once } from "node:events";
import { access, constants, readdir, stat } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { createClient } from "../src/api/client.ts";
import { findEndpoint, readApiFile } from "../src/api/endpoint.ts";
import { ErrandError } from "../src/core/errors.ts";
import type { NodeConfig } from "../src/node/config.ts";
import type { NodeStatus } from "../src/node/node.ts";
import type { GlobalOptions } from "./cli.ts";
import { readKeyFile } from "./key-file.ts";

export interface Finding {
  ok: boolean;
  message: string;
  /** What to do; "" when there is nothing. */
  hint: string;
}

export interface DoctorContext extends GlobalOptions {
  dataDir: string;
  /** `-c`. */
  config: string | undefined;
  env: NodeJS.ProcessEnv;
}

interface Check {
  name: string;
  run: (context: DoctorContext) => Promise<Finding>;
}

const fine = (message: string): Finding => ({ ok: true, message, hint: "" });
const bad = (message: string, hint: string): Finding => ({ ok: false, message, hint });

export const checks: readonly Check[] = [
  { name: "Node.js", run: async () => fine(`${process.version} on ${process.platform}/${process.arch}`) },
  { name: "clock", run: checkClock },
  { name: "data folder", run: checkDataFolder },
  { name: "identity", run: checkIdentity },
  { name: "database", run: checkDatabase },
  { name: "configuration", run: checkConfiguration },
  { name: "ports", run: checkPorts },
  { name: "node", run: checkNode },
  { name: "bootstrap peers", run: checkBootstrap },
];

const released = Date.parse("2025-01-01T00:00:00Z");
const skewMs = 5 * 60_000;

/** Cards and certificates carry times: a clock far off makes every peer look like a liar. */
async function checkClock({ dataDir }: DoctorContext): Promise<Finding> {
  const hint = "Set the clock, best by NTP: peers refuse cards from more than two minutes off.";
  const now = Date.now();
  if (now < released) return bad(`it says ${new Date(now).toISOString()}`, hint);
  const names = await readdir(dataDir).catch(() => []);
  const times = await Promise.all(
    names.map((name) =>
      stat(join(dataDir, name)).then(
        (found) => found.mtimeMs,
        () => 0,
      ),
    ),
  );
  const newest = Math.max(0, ...times);
  if (newest > now + skewMs)
    return bad(`it is behind the data folder's files, which are of ${new Date(newest).toISOString()}`, hint);
  return fine(new Date(now).toISOString());
}

async function checkDataFolder({ dataDir }: DoctorContext): Promise<Finding> {
  let mode: number;
  try {
    const found = await stat(dataDir);
    if (!found.isDirectory())
      return bad(`${dataDir} is not a folder`, "Move it away, or choose another with --data.");
    ({ mode } = found);
  } catch {
    return fine(`${dataDir} is not there yet; the first \`errand up\` makes it`);
  }
  try {
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return bad(`${dataDir} cannot be written`, "Run as its owner, or choose another with --data.");
  }
  if (process.platform !== "win32" && (mode & 0o022) !== 0) {
    return bad(`${dataDir} can be written by others`, `chmod 700 ${dataDir}`);
  }
  return fine(dataDir);
}

async function checkIdentity({ dataDir }: DoctorContext): Promise<Finding> {
  try {
    const key = await readKeyFile(dataDir);
    if (key === undefined) return fine("none yet; the first `errand up` makes it");
    if (process.platform !== "win32" && (key.mode & 0o077) !== 0) {
      return bad(`${key.path} can be read by others`, `chmod 600 ${key.path}`);
    }
    return fine(key.peerId);
  } catch (error) {
    return failed(error);
  }
}

async function checkDatabase({ dataDir }: DoctorContext): Promise<Finding> {
  const path = join(dataDir, "errand.db");
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return fine("none yet");
  // A node at work keeps it in use, and says itself when it fails.
  if ((await readApiFile(dataDir)) !== undefined) return fine(`in use by the node, ${found.size} bytes`);
  const { DatabaseSync } = await import("node:sqlite");
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      const rows = database.prepare("PRAGMA quick_check(1)").all() as { quick_check: string }[];
      const verdict = rows[0]?.quick_check ?? "no answer";
      if (verdict !== "ok") return bad(`damaged: ${verdict}`, `Move ${path} away, or restore a backup.`);
      return fine(`sound, ${found.size} bytes`);
    } finally {
      database.close();
    }
  } catch (error) {
    return bad(
      `cannot be read: ${(error as Error).message}`,
      `Check the permissions of ${path}, or restore a backup.`,
    );
  }
}

async function configOf({ data, config, env }: DoctorContext): Promise<NodeConfig> {
  const { resolveConfig } = await import("../src/api/daemon.ts");
  return resolveConfig({
    flags: { ...(data === undefined ? {} : { data }), ...(config === undefined ? {} : { config }) },
    // The API's address is for us the node to talk to, which may be another's.
    env,
  });
}

async function checkConfiguration(context: DoctorContext): Promise<Finding> {
  try {
    const { preset, skills } = await configOf(context);
    for (const skill of skills) {
      const there = await stat(skill).then(
        () => true,
        () => false,
      );
      if (!there) return bad(`the skill ${skill} is not there`, "Correct the path in the configuration.");
    }
    return fine(`preset ${preset}, ${skills.length} skill files of your own`);
  } catch (error) {
    return failed(error);
  }
}

async function checkPorts(context: DoctorContext): Promise<Finding> {
  const config = await configOf(context).catch(() => undefined);
  if (config === undefined) return bad("not checked", "Correct the configuration first.");
  if ((await readApiFile(context.dataDir)) !== undefined) return fine("in use by the running node");
  const wanted = [config.api, ...config.listen.map(hostAndPort)].filter((address) => address !== undefined);
  const busy: string[] = [];
  for (const { host, port } of wanted) {
    const problem = port === 0 ? undefined : await bindProblem(host, port);
    if (problem !== undefined) busy.push(`${host}:${port} (${problem})`);
  }
  if (busy.length > 0) {
    return bad(
      `cannot listen on ${busy.join(", ")}`,
      "Stop what uses them, or choose others with --listen and --api.",
    );
  }
  return fine(`${wanted.map(({ port }) => port).join(", ")} are free`);
}

async function bindProblem(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "EADDRINUSE" ? "in use" : (code ?? "error");
  } finally {
    server.close();
  }
}

/** Host and TCP port of a multiaddr; undefined for one that has none. */
function hostAndPort(multiaddr: string): { host: string; port: number } | undefined {
  const match = /^\/(?:ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d+)/.exec(multiaddr);
  return match === null ? undefined : { host: match[1] as string, port: Number(match[2]) };
}

async function checkNode({ data, api, env }: DoctorContext): Promise<Finding> {
  try {
    const client = createClient(await findEndpoint({ data, api, env }));
    try {
      const status = await client.call<NodeStatus>("GET", "/v1/status", { timeoutMs: 5_000 });
      const { connected, known } = status.peers;
      return fine(`runs at ${client.url}, ${connected} of ${known} known peers connected`);
    } finally {
      client.close();
    }
  } catch (error) {
    // Not running is no illness; one that was named and is silent, or that refuses the token, is.
    if (error instanceof ErrandError && error.code === "NodeUnreachable" && api === undefined) {
      return fine("not running; `errand up` starts it");
    }
    return failed(error);
  }
}

async function checkBootstrap(context: DoctorContext): Promise<Finding> {
  const config = (await runningConfig(context)) ?? (await configOf(context).catch(() => undefined));
  const peers = config?.bootstrap ?? [];
  if (peers.length === 0) return fine("none configured: this node waits for others to join");
  const silent: string[] = [];
  await Promise.all(peers.map(async (peer) => ((await reaches(peer)) ? undefined : silent.push(peer))));
  if (silent.length === peers.length) {
    return bad(
      `none answers: ${silent.join(", ")}`,
      "Check that they run, the addresses, and the firewalls between.",
    );
  }
  return fine(`${peers.length - silent.length} of ${peers.length} answer`);
}

/** What the node was started with, flags and all. */
async function runningConfig({ data, api, env }: DoctorContext): Promise<NodeConfig | undefined> {
  try {
    const client = createClient(await findEndpoint({ data, api, env }));
    try {
      return await client.call<NodeConfig>("GET", "/v1/config", { timeoutMs: 5_000 });
    } finally {
      client.close();
    }
  } catch {
    return undefined;
  }
}

const dialMs = 3_000;

/** Whether something accepts TCP connections there. Who it is, only the node finds out. */
async function reaches(multiaddr: string): Promise<boolean> {
  const address = hostAndPort(multiaddr);
  if (address === undefined) return false;
  const socket = connect(address);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(dialMs) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function failed(error: unknown): Finding {
  const { message, hint = "" } = error as Partial<ErrandError>;
  return bad(message ?? String(error), hint);
}
