/** What the routes are given. */
import type { FastifyReply } from "fastify";
import { isTaskId, publicKeyOfPeer, type PeerIdText, type TaskId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { NodeConfig } from "../node/config.ts";
import type { ErrandNode } from "../node/node.ts";

export interface ApiContext {
  node: ErrandNode;
  log: Log;
  /** Aborted when the server closes: long polls and event streams end with it. */
  closing: AbortSignal;
  /** For `GET /v1/config`; undefined for a node that was made by hand. */
  config: NodeConfig | undefined;
  /** Asks the process to stop; returns at once. */
  requestShutdown: () => void;
}

/** Aborted when the client has gone, after `timeoutMs`, or when the server closes. */
export function requestSignal(context: ApiContext, reply: FastifyReply, timeoutMs?: number): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  const signals = [gone.signal, context.closing];
  if (timeoutMs !== undefined) signals.push(AbortSignal.timeout(Math.ceil(timeoutMs)));
  return AbortSignal.any(signals);
}

/** A task's full id; a shortened one is looked up. Throws `NotFound`, `Ambiguous`. */
export async function fullTaskId(node: ErrandNode, text: string): Promise<TaskId> {
  return isTaskId(text) ? text.toLowerCase() : (await node.tasks.get(text)).id;
}

/** A peer's full id: any valid one, known or not; a shortened one only if it is known. Throws `NotFound`, `Ambiguous`. */
export function fullPeerId(node: ErrandNode, text: string): PeerIdText {
  return publicKeyOfPeer(text) === undefined ? node.peers.get(text).id : text;
}
