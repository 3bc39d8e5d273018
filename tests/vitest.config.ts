import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Group {
  include: string[];
  exclude?: string[];
  /** Test files at once, on two cores. */
  maxWorkers: number;
  /** Whether each file has a process to itself. Default true. */
  isolate?: boolean;
}

/** Those of one order run together, one order after the other; what depends on time runs when nothing else does. */
function group(name: string, groupOrder: number, { exclude = [], isolate = true, ...rest }: Group) {
  return {
    root,
    test: {
      ...rest,
      name,
      exclude,
      isolate,
      sequence: { groupOrder },
      // Real processes start in many tests; two cores are shared with them.
      testTimeout: 30_000,
      hookTimeout: 30_000,
    },
  };
}

const timed = "tests/network/07-join-fast.test.ts";

export default defineConfig({
  root,
  test: {
    projects: [
      group("contracts", 0, { include: ["tests/contracts/**/*.test.ts"], maxWorkers: 2 }),
      // A process and all its imports for each of so many small files would take a third of their time.
      group("parts", 0, { include: ["tests/{unit,wire}/**/*.test.ts"], maxWorkers: 2, isolate: false }),
      // A third at once would save a twentieth of the time, and make each of them a third slower.
      group("mesh", 1, { include: ["tests/{network,faults}/**/*.test.ts"], exclude: [timed], maxWorkers: 2 }),
      group("escape", 2, { include: ["tests/escape/**/*.test.ts"], maxWorkers: 2 }),
      group("timed", 3, { include: [timed], maxWorkers: 1 }),
    ],
  },
});
