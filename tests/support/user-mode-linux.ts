/**
 * A program run under another kernel than this machine's: Linux as an ordinary process (Debian's package user-mode-linux), with this
 * machine's files to read. For what depends on how a kernel was started, such as cgroup version 2 with all its controllers.
 */
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPrograms } from "./debian-programs.ts";

const bootMs = 120_000;
const booted = "KERNEL UP";
const marker = "ERRAND ";

/** What `program`, a TypeScript file, printed as JSON behind `marker`; or why it could not be run. */
export async function runUnderLinux(program: string): Promise<{ said: unknown } | { missing: string }> {
  if (process.platform !== "linux" || process.arch !== "x64")
    return { missing: "there is one for x64 alone" };
  let folder: string;
  try {
    folder = await findPrograms({ name: "uml", packages: ["user-mode-linux"], programs: ["linux.uml"] });
  } catch (error) {
    return { missing: `a kernel could not be had: ${(error as Error).message.split("\n", 1)[0]}` };
  }
  const work = await mkdtemp(join(tmpdir(), "errand-uml-"));
  try {
    await chmod(work, 0o755);
    const init = join(work, "init.sh");
    await writeFile(init, script(program), { mode: 0o755 });
    const text = await boot(join(folder, "linux.uml"), init, work);
    const line = text.split(/\r?\n/).find((one) => one.startsWith(marker));
    // A kernel that runs and a program that does not: that is for the test to fail by.
    if (line === undefined && text.includes(booted)) throw new Error(text.slice(text.indexOf(booted)));
    if (line === undefined)
      return { missing: `it does not run here: ${text.slice(-300).replaceAll("\n", " ")}` };
    return { said: JSON.parse(line.slice(marker.length)) as unknown };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

export function say(result: unknown): void {
  process.stdout.write(`${marker}${JSON.stringify(result)}\n`);
}

/** As the only process of a cgroup of its own, as a service of systemd's with `Delegate=yes` is. */
function script(program: string): string {
  return `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /run/tmp /dev/shm
chmod 1777 /run/tmp
mount -t tmpfs tmpfs /dev/shm
mount -t cgroup2 none /sys/fs/cgroup
dmesg -n 1
echo ${booted}
mkdir /sys/fs/cgroup/init /sys/fs/cgroup/service
echo $$ > /sys/fs/cgroup/init/cgroup.procs
echo "+memory +pids +cpu" > /sys/fs/cgroup/cgroup.subtree_control
export HOME=/run TMPDIR=/run/tmp PATH=/usr/sbin:/usr/bin:/sbin:/bin
sh -c 'echo $$ > /sys/fs/cgroup/service/cgroup.procs; exec "$@"' sh ${process.execPath} ${program} 2>&1
echo o > /proc/sysrq-trigger
sleep 10
`;
}

function boot(kernel: string, init: string, work: string): Promise<string> {
  const args = ["quiet", "mem=1000M", "rootfstype=hostfs", "rootflags=/", "ro", `init=${init}`];
  args.push(`uml_dir=${work}`, "con=null", "con0=null,fd:1");
  const options = {
    timeout: bootMs,
    killSignal: "SIGKILL" as const,
    env: { PATH: process.env["PATH"], TMPDIR: work },
  };
  return new Promise((resolve) => {
    const child = execFile(kernel, args, options, (_error, stdout, stderr) => resolve(`${stderr}${stdout}`));
    child.stdin?.end();
  });
}
