/**
 * Finds the node that a command is for: its URL and its token, from flags, the environment or the data folder. Light to
 * import, because every command starts here.
 */
import { readFile } from "node:fs/promises";
import { ErrandError } from "../core/errors.ts";
import { dataFiles, defaultDataDir } from "../node/data-folder.ts";

export interface Endpoint {
  /** Without a slash at the end. */
  url: string;
  /** Undefined when no token file could be read: the node will say `Unauthorized`. */
  token: string | undefined;
}

/** What a running node writes into its data folder. */
export interface ApiFile {
  url: string;
  pid: number;
  peerId: string;
}

export interface EndpointChoice {
  /** `--api`: URL or HOST:PORT. */
  api?: string | undefined;
  /** `--data`. */
  data?: string | undefined;
  env: NodeJS.ProcessEnv;
}

/**
 * `--api`, else the node of `--data`, else `ERRAND_API`, else the node of the default data folder. The token is
 * `ERRAND_TOKEN` or that folder's. Throws `NodeUnreachable` when no node runs there, `InvalidInput` for a URL that is none.
 */
export async function findEndpoint({ api, data, env }: EndpointChoice): Promise<Endpoint> {
  const dataDir = dataFolder(data, env);
  const named = api ?? (data === undefined ? env["ERRAND_API"] : undefined);
  const token = async (): Promise<string | undefined> => env["ERRAND_TOKEN"] ?? (await readToken(dataDir));
  if (named !== undefined && named !== "") return { url: checkUrl(named), token: await token() };
  const running = await readApiFile(dataDir);
  if (running === undefined) throw notRunning(dataDir);
  return { url: running.url, token: await token() };
}

export function dataFolder(data: string | undefined, env: NodeJS.ProcessEnv): string {
  return defaultDataDir(data === undefined ? env : { ...env, ERRAND_DATA: data });
}

function notRunning(dataDir: string): ErrandError {
  return new ErrandError("NodeUnreachable", `no node is running on ${dataDir}`, {
    hint: "Start one with `errand up`, or name another with --data or --api.",
  });
}

/** What the node on `dataDir` wrote, if that process is still there; a leftover of a crash counts as none. */
export async function readApiFile(dataDir: string): Promise<ApiFile | undefined> {
  let text: string;
  try {
    text = await readFile(dataFiles(dataDir).apiFile, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") {
      throw new ErrandError("Unauthorized", `${dataDir} belongs to another user`, {
        hint: "Run the command as the user that runs the node.",
      });
    }
    return undefined;
  }
  const found = parseApiFile(text);
  // After a crash another program may listen on that port: it must not be sent the token.
  return found !== undefined && isRunning(found.pid) ? found : undefined;
}

function parseApiFile(text: string): ApiFile | undefined {
  try {
    const { url, pid, peerId } = JSON.parse(text) as Partial<ApiFile>;
    if (typeof url !== "string" || typeof pid !== "number" || typeof peerId !== "string") return undefined;
    return { url, pid, peerId };
  } catch {
    return undefined;
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function readToken(dataDir: string): Promise<string | undefined> {
  try {
    return (await readFile(dataFiles(dataDir).tokenFile, "utf8")).trim();
  } catch {
    return undefined;
  }
}

function checkUrl(text: string): string {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url === null || url.protocol !== "http:" || url.hostname === "" || url.pathname !== "/") {
    throw new ErrandError("InvalidInput", `"${text.slice(0, 100)}" is not the address of an API`, {
      hint: "Write it like http://127.0.0.1:4780 or 127.0.0.1:4780.",
    });
  }
  return url.origin;
}
