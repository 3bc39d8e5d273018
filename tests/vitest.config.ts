import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Groups run one after the other; what depends on time runs when nothing else does. */
function group(
  name: string,
  groupOrder: number,
  include: string[],
  maxWorkers: number,
  exclude: string[] = [],
) {
  return {
    root,
    test: {
      name,
      include,
      exclude,
      maxWorkers,
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
      group("parts", 0, ["tests/{unit,contracts,wire}/**/*.test.ts"], 2),
      group("mesh", 1, ["tests/{network,faults}/**/*.test.ts"], 2, [timed]),
      group("escape", 2, ["tests/escape/**/*.test.ts"], 2),
      group("timed", 3, [timed], 1),
    ],
  },
});
