/**
 * The system calls that a container may not make, as a profile of the engines (OCI runtime specification, "seccomp"): what tier T1
 * refuses, as engines' own profiles differ by their age. Docker 20.10's, for one, leaves AF_VSOCK and io_uring open. A container
 * has namespaces of its own for System V memory and queues, and what it takes of them counts as its memory: those it keeps.
 */
import { deniedCalls, missingCalls, namespaceFlags, terminalRequests } from "./seccomp.ts";

const keeps = new Set(["memfd_create", "mq_open", "msgget", "semget", "shmget"]);
/** Further ones that only a process with capabilities could use, refused by their names too. */
const privileged = [
  "quotactl",
  "settimeofday",
  "clock_settime",
  "vhangup",
  "umount",
  "stime",
  "sysfs",
  "_sysctl",
  "ustat",
];

const architectures: Partial<Record<NodeJS.Architecture, string>> = {
  x64: "SCMP_ARCH_X86_64",
  arm64: "SCMP_ARCH_AARCH64",
};

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
/** AF_NETLINK: families above it (AF_PACKET, AF_ALG, AF_VSOCK, AF_XDP, …) are none of a network namespace, or rarely tested. */
const lastFamily = 16;

/** JSON. Undefined for an architecture whose other ABIs are not known here. */
export function seccompProfile(arch: NodeJS.Architecture): string | undefined {
  const native = architectures[arch];
  if (native === undefined) return undefined;
  const refuse = (names: readonly string[], errnoRet: number, args: object[] = []): object => ({
    names,
    action: "SCMP_ACT_ERRNO",
    errnoRet,
    ...(args.length > 0 && { args }),
  });
  const names = (calls: object): string[] => Object.keys(calls).filter((name) => !keeps.has(name));
  const bits = Array.from({ length: 32 }, (_, bit) => 2 ** bit).filter((bit) => (namespaceFlags & bit) !== 0);
  return JSON.stringify({
    defaultAction: "SCMP_ACT_ALLOW",
    // Calls of every other ABI (32 bits, x32) end the process.
    architectures: [native],
    syscalls: [
      refuse([...new Set([...names(deniedCalls), ...privileged])], EPERM),
      refuse(names(missingCalls), ENOSYS),
      refuse(["socket", "socketpair"], EAFNOSUPPORT, [{ index: 0, value: lastFamily, op: "SCMP_CMP_GT" }]),
      ...bits.map((bit) =>
        refuse(["clone"], EPERM, [{ index: 0, value: bit, valueTwo: bit, op: "SCMP_CMP_MASKED_EQ" }]),
      ),
      // The kernel looks at the lower half of the request alone.
      ...terminalRequests.map((request) =>
        refuse(["ioctl"], EPERM, [
          { index: 1, value: 0xffff_ffff, valueTwo: request, op: "SCMP_CMP_MASKED_EQ" },
        ]),
      ),
    ],
  });
}
