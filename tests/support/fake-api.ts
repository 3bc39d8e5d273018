/** The real API server in front of a fake node, with a data folder that the command line finds it by. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../src/core/log.ts";
import { dataFiles } from "../../src/node/data-folder.ts";
import { loadToken } from "../../src/api/access.ts";
import { createClient, type ApiClient } from "../../src/api/client.ts";
import { startApi } from "../../src/api/server.ts";
import { createFakeNode, type FakeNode } from "./fake-node.ts";
import { fakePeer } from "./fake-views.ts";

export interface FakeApi {
  node: FakeNode;
  url: string;
  token: string;
  dataDir: string;
  client: ApiClient;
  /** Resolves when a client asked for the shutdown. */
  shutdownAsked: Promise<void>;
  /** Closes the server; the client stays. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export async function startFakeApi(): Promise<FakeApi> {
  const dataDir = await mkdtemp(join(tmpdir(), "errand-api-"));
  await chmod(dataDir, 0o700);
  const files = dataFiles(dataDir);
  const token = await loadToken(files.tokenFile);
  const node = createFakeNode();
  const asked = Promise.withResolvers<void>();
  const api = await startApi({
    node,
    token,
    host: "127.0.0.1",
    port: 0,
    log: silentLog,
    onShutdownRequest: () => asked.resolve(),
  });
  await writeFile(files.apiFile, JSON.stringify({ url: api.url, pid: process.pid, peerId: fakePeer }));
  const client = createClient({ url: api.url, token });
  return {
    node,
    url: api.url,
    token,
    dataDir,
    client,
    shutdownAsked: asked.promise,
    stop: () => api.close(),
    async close() {
      await api.close();
      client.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
