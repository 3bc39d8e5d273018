/**
 * cgroup version 2, on a kernel that has all its controllers there: few machines that run tests do. Linux runs as a process of
 * ours; where it cannot, the test is left out with the reason.
 */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ensureProgram } from "../support/apt.ts";
import { runUnderLinux } from "../support/user-mode-linux.ts";
import type { Report } from "./cgroup-v2-child.ts";

const program = fileURLToPath(new URL("cgroup-v2-child.ts", import.meta.url));
const MiB = 1024 ** 2;

test(
  "bounds memory, processes and cores of all that a run starts, counts them, and leaves nothing",
  { timeout: 180_000 },
  async (context) => {
    const noBubblewrap = await ensureProgram("bwrap", "bubblewrap");
    if (noBubblewrap !== undefined) return context.skip(noBubblewrap);
    const result = await runUnderLinux(program);
    if ("missing" in result) return context.skip(`no kernel to try it on: ${result.missing}`);
    const { title, runs, cleaned, left } = result.said as Report;
    expect(title).toContain("cgroup v2");
    const { plain, memory, together, forks, half } = runs;
    expect(plain.out).toBe("done\n");
    expect(plain.cpuMs).toBeGreaterThan(0);
    expect(plain.peakMemoryBytes).toBeGreaterThan(100_000);
    expect(memory.breach).toMatch(/more than the 48 MB of memory/);
    expect(memory.out).not.toContain("survived");
    expect(together.breach).toMatch(/more than the 48 MB of memory/);
    expect(together.peakMemoryBytes).toBeLessThanOrEqual(48 * MiB);
    expect(forks.out).toMatch(/fork/);
    expect(half.out).toBe("done\n");
    expect(half.wallMs).toBeGreaterThan(2 * half.cpuMs);
    expect(cleaned).toBe(true);
    // Where the node itself went, so that its group may hand on controllers.
    expect(left).toEqual(["errand-node"]);
  },
);
