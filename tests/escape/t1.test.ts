/**
 * Programs that try to get out of tier T1, in a real node: bash and perl, which the operator has allowed as commands. As root,
 * where memory is bounded by a cgroup if there is one, and as an ordinary user, where it is bounded by a watch.
 */
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../support/until.ts";
import {
  commandLines,
  secret,
  startAttackedNode,
  type Attack,
  type AttackedNode,
} from "../support/attacked-node.ts";
import { tierOne } from "../support/tier-one.ts";

const bash = "/bin/bash";
const perl = "/usr/bin/perl";
const { missing } = await tierOne();
const reason =
  missing ?? [bash, perl].filter((path) => !existsSync(path)).map((path) => `${path} is not there`)[0];
const nobody = 65_534;
const users: { who: string; uid?: number }[] =
  process.getuid?.() === 0
    ? [{ who: "root" }, { who: "an ordinary user", uid: nobody }]
    : [{ who: "this user" }];

// A tier that is missing is reported, and not passed over in silence.
describe.skipIf(reason === undefined)(`escape from T1: left out, ${reason}`, () =>
  test("all of it", () => {}),
);

describe.skipIf(reason !== undefined).each(users)("escape from T1, the node run by $who", ({ uid }) => {
  let it: AttackedNode;
  beforeAll(async () => {
    it = await startAttackedNode({ commands: [bash, perl], ...(uid === undefined ? {} : { uid }) });
    // The canaries are behind us: what follows is the attack's own time.
    await it.attack("command", { argv: [bash, "-c", "true"] });
  }, 60_000);
  afterAll(() => it?.stop());

  const shell = (script: string, more: object = {}): Promise<Attack> =>
    it.attack("command", { argv: [bash, "-c", script], ...more });
  const stdout = ({ task }: Attack): string => (task.output as { stdout?: string } | null)?.stdout ?? "";

  test("files: a secret, the node's key, its data folder, other users'", async () => {
    const paths = [
      it.secretFile,
      it.keyFile,
      it.node.dataDir,
      "/etc/shadow",
      "/etc/passwd",
      "/root",
      "/home",
      "/var",
      "/sys",
    ];
    const done = await shell(
      `for p in ${paths.join(" ")} /proc/1/root${it.secretFile} /proc/self/root${it.secretFile}; do
         cat "$p" 2>/dev/null && echo "READ $p"; ls "$p" 2>/dev/null && echo "LISTED $p"; done; echo done`,
    );
    expect(stdout(done)).toBe("done\n");
    expect(done.text).not.toContain(secret);
  });

  test("symlinks, hard links and paths through /proc lead nowhere", async () => {
    const done = await shell(
      `ln -s ${it.secretFile} /scratch/a; ln -s ${it.node.dataDir} /scratch/b; ln -s /proc/1/root /scratch/c
       cat /scratch/a; cat /scratch/b/*; cat /scratch/c${it.secretFile}
       for fd in /proc/*/fd/*; do readlink "$fd"; done | grep -v -e socket: -e pipe: -e anon_inode: -e /proc/ -e /dev/null -e '^$'
       ln ${it.secretFile} /scratch/d && cat /scratch/d; cat /proc/*/cwd${it.secretFile}; echo done`,
    );
    expect(stdout(done)).toBe("done\n");
    expect(done.text).not.toContain(secret);
  });

  test("the environment of the node, and other processes", async () => {
    const done = await shell(
      `cat /proc/*/environ | tr '\\0' '\\n'; env; ls /proc | grep -c '^[0-9]'; kill -9 ${it.node.pid}; echo $?`,
    );
    expect(done.text).not.toContain(secret);
    expect(done.text).not.toContain("ATTACKED_SECRET");
    expect(it.node.running).toBe(true);
  });

  test("writing outside", async () => {
    const marker = `errand-escaped-${process.pid}`;
    const done = await shell(
      `for d in / /etc /usr /usr/bin /usr/local /var /tmp/.. /dev /proc /proc/sys/kernel ${it.node.dataDir} /scratch/..; do
         echo x 2>/dev/null > $d/${marker} && echo "WROTE $d"; done
       mount -t tmpfs x /usr 2>/dev/null && echo MOUNTED; mknod /scratch/disk b 8 0 2>/dev/null && echo MADE
       echo x > /tmp/${marker}; echo x > /dev/shm/${marker}; echo done`,
    );
    expect(stdout(done)).toBe("done\n");
    for (const folder of ["/", "/etc", "/usr", "/tmp", "/dev/shm", "/scratch"]) {
      expect(existsSync(`${folder}/${marker}`)).toBe(false);
    }
  });

  test("the loopback API, the network, Unix sockets", async () => {
    const addresses = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ family }) => family === "IPv4");
    const hosts = ["127.0.0.1", ...addresses.map(({ address }) => address), "192.0.2.1"];
    const before = it.connections();
    const done = await shell(
      `for h in ${hosts.join(" ")}; do for p in ${it.apiPort} ${it.target.port}; do
         (exec 4<>/dev/tcp/$h/$p) 2>/dev/null && echo "REACHED $h:$p"; done; done
       ${perl} -e 'use Socket; for my $path (@ARGV, "\\0${it.target.abstract}") {
         socket(my $s, AF_UNIX, SOCK_STREAM, 0); print "CONNECTED\\n" if connect($s, sockaddr_un($path)) }' ${it.target.socket}
       cat /proc/net/route | tail -n +2; echo done`,
    );
    expect(stdout(done)).toBe("done\n");
    expect(it.connections()).toBe(before);
  });

  test("AF_VSOCK and other families, and system calls that namespaces leave open", async () => {
    const done = await it.attack("command", {
      argv: [
        perl,
        "-e",
        `for my $family (40, 17, 38, 31, 9) { print "FAMILY $family\\n" if socket(my $s, $family, 1, 0) || socket($s, $family, 3, 0) }
         my $x64 = (\`uname -m\` =~ /x86_64/);
         my %calls = $x64
           ? (io_uring_setup => 425, keyctl => 250, bpf => 321, unshare => 272, ptrace => 101, userfaultfd => 323, perf => 298, memfd => 319, shmget => 29, mount => 165, setns => 308)
           : (io_uring_setup => 425, keyctl => 219, bpf => 280, unshare => 97, ptrace => 117, userfaultfd => 282, perf => 241, memfd => 279, shmget => 194, mount => 40, setns => 268);
         my $buffer = "\\0" x 256;
         for my $name (sort keys %calls) {
           my $got = $name eq "unshare" ? syscall($calls{$name}, 0x10000000) : syscall($calls{$name}, 0, 4096, 0, 0, 0);
           $got = syscall($calls{$name}, $buffer, 0) if $name eq "memfd";
           print "CALLED $name\\n" if $got >= 0 || ($! != 1 && $! != 38);
         }
         print "done\\n";`,
      ],
    });
    expect(stdout(done)).toBe("done\n");
  });

  test("a fork bomb", async () => {
    const done = await shell("bomb() { bomb | bomb & }; bomb; sleep 2; echo $(ls /proc | grep -c '^[0-9]')", {
      limits: { timeoutSeconds: 4 },
    });
    if (done.code === "") expect(Number(stdout(done).trim())).toBeLessThan(75);
    await until("all of it is gone", () => !commandLines().some((line) => line.includes("bomb | bomb")));
  });

  test("memory: a heap, shared memory, temporary files, a memfd, many small files", async () => {
    const heap = await it.attack("command", {
      argv: [perl, "-e", 'my @all; push @all, "x" x 1_000_000 while 1'],
      limits: { memoryMb: 64 },
    });
    expect(heap.code).toBe("LimitExceeded");
    const many = await shell(
      `for i in 1 2 3 4 5 6; do ${perl} -e 'my $x = "x" x 40_000_000; sleep 20' & done; wait`,
      {
        limits: { memoryMb: 64, timeoutSeconds: 15 },
      },
    );
    expect(many.code).toBe("LimitExceeded");
    const files = await shell(
      `for d in /dev/shm /tmp /scratch; do dd if=/dev/zero of=$d/big bs=1M count=200 2>/dev/null; stat -c %s $d/big; done`,
      { limits: { scratchMb: 16, memoryMb: 128 } },
    );
    const sizes = stdout(files).trim().split("\n").map(Number);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(16 * 1024 ** 2);
    const small = await it.attack("command", {
      argv: [perl, "-e", 'for (my $i = 0; ; $i++) { open(my $f, ">", "/scratch/$i") or exit 3 }'],
      limits: { timeoutSeconds: 10 },
    });
    expect(small.code).toBe("LimitExceeded");
    expect(small.usage === undefined || small.usage.peakMemoryBytes < 512 * 1024 ** 2).toBe(true);
  });

  test("a full disk", async () => {
    const done = await shell(
      "yes > /scratch/all; yes > /tmp/all; stat -c %s /scratch/all /tmp/all; echo done",
    );
    const [scratch = 0, temporary = 0] = stdout(done).split("\n").map(Number);
    expect(scratch).toBeGreaterThan(1_000_000);
    expect(scratch).toBeLessThanOrEqual(32 * 1024 ** 2);
    expect(temporary).toBeLessThanOrEqual(32 * 1024 ** 2);
  });

  test("a flood of output, on both streams", async () => {
    expect((await shell("yes")).code).toBe("LimitExceeded");
    const errors = await shell("yes >&2", { limits: { timeoutSeconds: 2 } });
    expect(errors.code).toBe("LimitExceeded");
    expect(errors.text.length).toBeLessThan(100_000);
  });

  test("an endless loop, and one that ignores signals", async () => {
    const done = await shell("trap '' TERM INT HUP; while :; do :; done", { timeout: 1 });
    expect(done.code).toBe("LimitExceeded");
    expect(done.durationMs).toBeLessThan(11_000);
  });

  test("an orphan that outlives its parent", async () => {
    const marker = `9${process.pid}${uid ?? 0}`;
    const done = await shell(
      `(setsid nohup sleep ${marker} >/dev/null 2>&1 &) ; (trap '' HUP; sleep ${marker} &) ; echo done`,
    );
    expect(stdout(done)).toBe("done\n");
    await until("they are gone", () => !commandLines().some((line) => line.startsWith(`sleep ${marker}`)));
  });

  test("programs that are not on the list, and a list that is not a path", async () => {
    for (const program of ["/usr/bin/env", "bash", "/bin/../bin/bash", "/usr/bin/bash"]) {
      expect((await it.attack("command", { argv: [program, "-c", "true"] })).code).toBe("Unauthorized");
    }
  });
});
