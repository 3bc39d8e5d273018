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

/** A log whose messages go to `write`, without their facts: for people who try something out. */
export function createLineLog(write: (line: string) => void): Log {
  const stream = {
    write(text: string): void {
      const { msg } = JSON.parse(text) as { msg?: string };
      if (msg !== undefined) write(msg);
    },
  };
  return pino({ level: "info", base: null }, stream);
}
