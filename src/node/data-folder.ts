/**
 * The data folder: where it is by default, and what the local API and the command line find in it. Light to import,
 * because every command starts with it. (The key, the database and the blobs belong to their own folders' code.)
 */
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** `ERRAND_DATA`, else `$XDG_DATA_HOME/errand`, else `~/.local/share/errand`. */
export function defaultDataDir(env: NodeJS.ProcessEnv): string {
  if (env["ERRAND_DATA"] !== undefined && env["ERRAND_DATA"] !== "") return resolve(env["ERRAND_DATA"]);
  const xdg = env["XDG_DATA_HOME"];
  // The XDG specification says to ignore a relative path here.
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), ".local", "share");
  return join(base, "errand");
}

export interface DataFiles {
  /** Where the running node answers; there only while it runs. */
  apiFile: string;
  /** The API's bearer token. */
  tokenFile: string;
  /** The configuration, unless `-c` names another. */
  configFile: string;
}

export function dataFiles(dataDir: string): DataFiles {
  return {
    apiFile: join(dataDir, "api.json"),
    tokenFile: join(dataDir, "api.token"),
    configFile: join(dataDir, "errand.yaml"),
  };
}
