/**
 * The log: one line of JSON per event on stderr (pino), with a component and plain facts. Standard output
 * belongs to results. Nothing secret (token, key, swarm key, input, output) is ever logged.
 */
import { destination, pino, type Logger } from "pino";

export type Log = Logger;
export type LogLevel = "silent" | "error" | "warn" | "info" | "debug" | "trace";

/** A log that writes to file descriptor 2 at `level` and above. */
export function createLog(level: LogLevel): Log {
  return pino(
    { level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` },
    destination({ fd: 2, sync: true }),
  );
}

export const silentLog: Log = pino({ level: "silent" });
