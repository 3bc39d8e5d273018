/**
 * Programs that try to get out of tier T2, with Docker: busybox, in an image that was imported on the spot, with the bounds that a
 * run gets when nobody says anything. Left out with the reason where no engine can be had.
 */
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { commandLines, secret } from "../support/attacked-node.ts";
import { startTestEngine } from "../support/container-engine.ts";
import { until } from "../support/until.ts";
import { attackT2, MiB, slowMs, type AttackT2 } from "./t2-attacks.ts";

const engine = await startTestEngine();

if ("missing" in engine)
  describe.skip(`T2 of Docker: left out, ${engine.missing}`, () => test("all of it", () => {}));
else describe("T2 of Docker", { timeout: slowMs }, () => attackT2(engine, more));

function more(at: AttackT2): void {
  const { shell, stdout } = at;

  test("symlinks and hard links lead nowhere", async () => {
    const done = await shell(
      `ln -s ${at.node.secretFile} /tmp/a; ln -s /proc/1/root /tmp/b; ln ${at.node.secretFile} /tmp/c
       cat /tmp/a /tmp/b${at.node.secretFile} /tmp/c /proc/1/cwd/../..${at.node.secretFile}; echo done`,
    );
    expect(stdout(done)).toBe("done\n");
    expect(done.text).not.toContain(secret);
  });

  test("a fork bomb", async () => {
    const bomb = "b() { b | b & }; b; sleep 3; echo done";
    const done = await shell(bomb, { timeoutSeconds: 20 });
    expect(["", "LimitExceeded", "SkillFailed"]).toContain(done.code);
    await until(
      "the bomb is gone",
      () => !commandLines().some((line) => line.includes("b() { b | b & }")),
      slowMs,
    );
  });

  test("a disk bomb finds no disk, and a flood of output has no file", async () => {
    const free = async (): Promise<number> => {
      const { bavail, bsize } = await statfs(tmpdir());
      return bavail * bsize;
    };
    const before = await free();
    const flood = await shell("yes errand-errand-errand-errand-errand-errand", { timeoutSeconds: 20 });
    expect(flood.code).toBe("LimitExceeded");
    const errors = await shell(
      "head -c 200m /dev/zero | tr '\\0' 'x' >&2; yes | head -c 100m >&2; echo done",
      { timeoutSeconds: 30 },
    );
    expect(["", "LimitExceeded"]).toContain(errors.code);
    expect(before - (await free())).toBeLessThan(100 * MiB);
  });

  test("an endless loop, and orphans that outlive their parent", async () => {
    const loop = await shell("while true; do :; done", { timeoutSeconds: 1.5 });
    expect(loop.code).toBe("LimitExceeded");
    expect(loop.durationMs).toBeLessThan(60_000);
    const mark = `31415.${process.pid}`;
    expect(
      stdout(
        await shell(
          `(trap '' TERM HUP INT; sleep ${mark}) & (setsid sleep ${mark} &) 2>/dev/null; echo left`,
        ),
      ),
    ).toBe("left\n");
    await until("the orphans are gone", () => !commandLines().some((line) => line.includes(mark)), slowMs);
  });
}
