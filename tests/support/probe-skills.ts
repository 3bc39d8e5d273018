/**
 * An operator's skills that a test can look into: each start leaves a line in a file, an abort leaves a mark, and a run ends
 * when the test says so by making a file. The folder is shared by all nodes of a mesh, so starts are counted over the whole.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "./until.ts";

export interface Probe {
  /** For `--skill` or the configuration. */
  readonly file: string;
  /** Starts of `key` so far, each with the process that ran it, oldest first. */
  starts(key: string): Promise<number[]>;
  /** Resolves once `key` has been started `count` times. */
  started(key: string, count?: number, withinMs?: number): Promise<number[]>;
  /** Lets every `probe.hold` of `key` end. */
  release(key: string): Promise<void>;
  /** Why the run of `key` was aborted; waits for it. */
  aborted(key: string, withinMs?: number): Promise<string>;
  /** Runs of `key` that ended by themselves. */
  finished(key: string): Promise<number>;
}

/** `probe.hold {key}`, `probe.fail {key, times}`, `probe.spin {ms}`, `probe.large {bytes}`. */
export async function writeProbeSkills(folder: string): Promise<Probe> {
  const marks = join(folder, "marks");
  await mkdir(marks, { recursive: true });
  const file = join(folder, "probe-skills.ts");
  await writeFile(file, source(marks));
  const mark = (key: string, kind: string): string => join(marks, `${key}.${kind}`);
  const lines = async (path: string): Promise<string[]> =>
    existsSync(path) ? (await readFile(path, "utf8")).trim().split("\n") : [];
  const starts = async (key: string): Promise<number[]> =>
    (await lines(mark(key, "started"))).map((line) => Number(line));

  return {
    file,
    starts,
    started: (key, count = 1, withinMs = 15_000) =>
      until(
        `${count} starts of ${key}`,
        async () => {
          const found = await starts(key);
          return found.length >= count && found;
        },
        withinMs,
      ),
    release: (key) => writeFile(mark(key, "go"), ""),
    aborted: (key, withinMs = 15_000) =>
      until(`the abort of ${key}`, async () => (await lines(mark(key, "aborted"))).at(-1), withinMs),
    finished: async (key) => (await lines(mark(key, "finished"))).length,
  };
}

function source(marks: string): string {
  return `
import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

interface Context { signal: AbortSignal; progress(fraction: number, message?: string): void }

const mark = (key: string, kind: string, line: string): void =>
  appendFileSync(${JSON.stringify(marks)} + "/" + key + "." + kind, line + "\\n");
const count = { type: "integer", minimum: 0 };
const key = { type: "string", pattern: "^[a-z0-9-]+$" };
const schema = (properties: object) => ({
  type: "object", properties, required: Object.keys(properties), additionalProperties: false,
});
const define = (id: string, description: string, input: object) => ({
  id, version: "1.2.0", description, tags: ["probe"], input: schema(input), output: { type: "object" },
});

export default [
  {
    definition: define("probe.hold", "Runs until it is told to end.", { key }),
    async run({ key }: { key: string }, { signal, progress }: Context) {
      mark(key, "started", String(process.pid));
      signal.addEventListener("abort", () => mark(key, "aborted", String(signal.reason)), { once: true });
      progress(0.25, "holding");
      while (!existsSync(${JSON.stringify(marks)} + "/" + key + ".go")) await delay(20, undefined, { signal });
      mark(key, "finished", String(process.pid));
      return { pid: process.pid };
    },
  },
  {
    definition: define("probe.fail", "Fails so many times in a way that may pass, then does it.", { key, times: count }),
    async run({ key, times }: { key: string; times: number }) {
      const { readFileSync } = await import("node:fs");
      mark(key, "started", String(process.pid));
      const starts = readFileSync(${JSON.stringify(marks)} + "/" + key + ".started", "utf8").trim().split("\\n").length;
      if (starts <= times) throw Object.assign(new Error("failure " + starts + " of " + times), { retryable: true });
      return { starts };
    },
  },
  {
    definition: define("probe.spin", "Keeps one core busy and yields to nobody.", { ms: count }),
    run({ ms }: { ms: number }) {
      const end = performance.now() + ms;
      let turns = 0;
      while (performance.now() < end) turns++;
      return { turns };
    },
  },
  {
    definition: define("probe.large", "Returns a text of so many characters.", { size: count }),
    run({ size }: { size: number }) {
      return { text: "0123456789abcdef".repeat(Math.ceil(size / 16)).slice(0, size) };
    },
  },
];
`;
}
