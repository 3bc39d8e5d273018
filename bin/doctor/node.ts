/** What the configuration, the ports, the running node and the network say. */
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { createClient } from "../../src/api/client.ts";
import { findEndpoint } from "../../src/api/endpoint.ts";
import { ErrandError } from "../../src/core/errors.ts";
import type { NodeConfig } from "../../src/node/config.ts";
import type { NodeStatus } from "../../src/node/node.ts";
import { bad, failed, fine, type DoctorContext, type Finding } from "./finding.ts";
import { nodeAnswers, withRunning } from "./running-node.ts";

export async function configOf({ data, config, env }: DoctorContext): Promise<NodeConfig> {
  const { resolveConfig } = await import("../../src/api/daemon.ts");
  return resolveConfig({
    flags: { ...(data === undefined ? {} : { data }), ...(config === undefined ? {} : { config }) },
    // The API's address is for us the node to talk to, which may be another's.
    env,
  });
}

export async function checkConfiguration(context: DoctorContext): Promise<Finding> {
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

export async function checkPorts(context: DoctorContext): Promise<Finding> {
  const config = await configOf(context).catch(() => undefined);
  if (config === undefined) return bad("not checked", "Correct the configuration first.");
  if (await nodeAnswers(context)) return fine("in use by the running node");
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

export async function checkNode({ data, api, env }: DoctorContext): Promise<Finding> {
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

export async function checkBootstrap(context: DoctorContext): Promise<Finding> {
  const running = await withRunning(context, (client) =>
    client.call<NodeConfig>("GET", "/v1/config", { timeoutMs: 5_000 }),
  );
  // What a node was started with, flags and all, before what the files say.
  const config = running ?? (await configOf(context).catch(() => undefined));
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
  const answering = peers.filter((peer) => !silent.includes(peer));
  const refusals = running === undefined ? [] : await refusedBy(context, answering);
  const [refusal] = refusals;
  if (refusal !== undefined && refusals.length === answering.length) return failed(refusal);
  const joined = running === undefined ? "" : `, ${answering.length - refusals.length} connected`;
  return fine(`${answering.length} of ${peers.length} answer${joined}`);
}

/** Why the running node is not connected with some of `peers`. It dials them anyway, so that asking it to changes nothing. */
async function refusedBy(context: DoctorContext, peers: readonly string[]): Promise<unknown[]> {
  const outcomes = await withRunning(context, (client) =>
    Promise.allSettled(
      peers.map((target) =>
        client.call("POST", "/v1/peers/connect", { body: { target }, timeoutMs: connectMs }),
      ),
    ),
  );
  return (outcomes ?? []).flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
}

const dialMs = 3_000;
const connectMs = 10_000;

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
