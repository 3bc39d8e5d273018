import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { groupGone, onlyZombies } from "../../../src/skills/process-group.ts";

/** A group whose only process ends, with a parent that never collects it; the group's id comes when it has ended. */
const uncollected = `
use strict;
my $pid = fork;
if ($pid == 0) { setpgrp(0, 0); exit 0; }
my $state = "";
while ($state ne "Z") {
  open(my $file, "<", "/proc/$pid/stat") or die;
  ($state) = <$file> =~ /\\) (\\S)/;
}
$| = 1;
print "$pid\\n";
sleep 60;
`;

test.runIf(process.platform === "linux")(
  "a group is gone when only its uncollected dead are left, and not before",
  async () => {
    const parent = spawn("perl", ["-e", uncollected], {
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    const ended = once(parent, "exit");
    try {
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      const group = Number(line.toString());
      expect(() => process.kill(-group, 0)).not.toThrow();
      expect(await onlyZombies(group)).toBe(true);
      expect(await onlyZombies(parent.pid as number)).toBe(false);
      await groupGone(group);
    } finally {
      parent.kill("SIGKILL");
      await ended;
    }
    await groupGone(parent.pid);
    expect(() => process.kill(-(parent.pid as number), 0)).toThrow("ESRCH");
  },
);
