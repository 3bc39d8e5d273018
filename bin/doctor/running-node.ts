/** The node that runs on the data folder, for checks that ask it. */
import { createClient, type ApiClient } from "../../src/api/client.ts";
import { findEndpoint } from "../../src/api/endpoint.ts";
import type { DoctorContext } from "./finding.ts";

/** Undefined when no node runs, or it does not answer: that is for a check of its own to tell. */
export async function withRunning<T>(
  { data, api, env }: DoctorContext,
  ask: (client: ApiClient) => Promise<T>,
): Promise<T | undefined> {
  try {
    const client = createClient(await findEndpoint({ data, api, env }));
    try {
      return await ask(client);
    } finally {
      client.close();
    }
  } catch {
    return undefined;
  }
}

/** What a crash has left behind may name a process that is somebody else's by now: only an answer says that a node runs. */
export async function nodeAnswers(context: DoctorContext): Promise<boolean> {
  const health = await withRunning(context, (client) =>
    client.call("GET", "/v1/health", { timeoutMs: 5_000 }),
  );
  return health !== undefined;
}
