/**
 * What waiting tasks weigh: submits as many as the argument says, for a time far away, and prints the heap of each and
 * how long a start takes that finds them all. Run with --expose-gc.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jsonBody } from "../../src/core/body.ts";
import { startLocalNode } from "./local-node.ts";

const tasks = Number(process.argv[2]);
const batchOf = 1_000;
const notBefore = Date.parse("2100-01-01");
const collect = globalThis.gc as () => void;

function heapBytes(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const dir = await mkdtemp(join(tmpdir(), "errand-bench-"));
try {
  const node = await startLocalNode(dir);
  const before = heapBytes();
  for (let made = 0; made < tasks; made += batchOf) {
    await node.tasks.submitMany(
      Array.from({ length: batchOf }, (_, n) => ({
        skill: "echo",
        input: jsonBody({ n: made + n, text: "x".repeat(100) }),
        notBefore,
      })),
    );
  }
  const bytesPerTask = (heapBytes() - before) / tasks;
  await node.stop({ graceMs: 0 });
  const begun = performance.now();
  const again = await startLocalNode(dir);
  const startMs = performance.now() - begun;
  await again.stop({ graceMs: 0 });
  process.stdout.write(`${JSON.stringify({ bytesPerTask, startMs })}\n`);
} finally {
  await rm(dir, { recursive: true, force: true });
}
