/**
 * The system calls that code in tier T1 may not make, as a classic BPF program for `bwrap --seccomp`. Namespaces hide files,
 * processes and networks; this closes what they leave open: kernel interfaces with a bad record (io_uring, keyctl, bpf,
 * userfaultfd), socket families outside the network namespace (AF_VSOCK), and memory that no process shows as its own.
 * See seccomp(2) and linux/filter.h.
 */

/** Refused with EPERM. x86-64 and the generic table, which arm64 uses; -1 where a table has no such call. */
const denied: Record<string, readonly [x64: number, arm64: number]> = {
  acct: [163, 89],
  add_key: [248, 217],
  bpf: [321, 280],
  chroot: [161, 51],
  clock_adjtime: [305, 266],
  clock_settime: [227, 112],
  delete_module: [176, 106],
  fanotify_init: [300, 262],
  finit_module: [313, 273],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fsopen: [430, 430],
  fspick: [433, 433],
  init_module: [175, 105],
  ioperm: [173, -1],
  iopl: [172, -1],
  kcmp: [312, 272],
  kexec_file_load: [320, 294],
  kexec_load: [246, 104],
  keyctl: [250, 219],
  lookup_dcookie: [212, 18],
  memfd_secret: [447, 447],
  migrate_pages: [256, 238],
  modify_ldt: [154, -1],
  mount: [165, 40],
  mount_setattr: [442, 442],
  move_mount: [429, 429],
  move_pages: [279, 239],
  // System V memory stays when no process has it attached; message queues hold it in the kernel.
  mq_open: [240, 180],
  msgget: [68, 186],
  name_to_handle_at: [303, 264],
  nfsservctl: [180, 42],
  open_by_handle_at: [304, 265],
  open_tree: [428, 428],
  perf_event_open: [298, 241],
  pidfd_getfd: [438, 438],
  pivot_root: [155, 41],
  process_madvise: [440, 440],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  ptrace: [101, 117],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  reboot: [169, 142],
  request_key: [249, 218],
  // Which cores it runs on is not its own to say.
  sched_setaffinity: [203, 122],
  semget: [64, 190],
  setdomainname: [171, 162],
  sethostname: [170, 161],
  setns: [308, 268],
  settimeofday: [164, 170],
  shmget: [29, 194],
  swapoff: [168, 225],
  swapon: [167, 224],
  syslog: [103, 116],
  umount2: [166, 39],
  unshare: [272, 97],
  uselib: [134, -1],
  userfaultfd: [323, 282],
  vhangup: [153, 58],
  vmsplice: [278, 75],
};

/** Refused as if the kernel did not have them, so that libraries take their other way. A memfd is memory of no process. */
const missing: Record<string, readonly [x64: number, arm64: number]> = {
  clone3: [435, 435],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  io_uring_setup: [425, 425],
  memfd_create: [319, 279],
};

const architectures: Partial<Record<NodeJS.Architecture, { audit: number; column: 0 | 1 }>> = {
  x64: { audit: 0xc000003e, column: 0 },
  arm64: { audit: 0xc00000b7, column: 1 },
};
const socketCall = [41, 198] as const;
const ioctlCall = [16, 29] as const;
const cloneCall = [56, 220] as const;

// struct seccomp_data: nr, arch, instruction pointer, six arguments of eight bytes; both architectures are little-endian.
const atNumber = 0;
const atArchitecture = 4;
const atArgument = (index: number): number => 16 + 8 * index;

const load = 0x20;
const equal = 0x15;
const atLeast = 0x35;
const anyBit = 0x45;
const give = 0x06;
const allow = 0x7fff0000;
const kill = 0x80000000;
const errno = (number: number): number => 0x00050000 | number;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** Numbers from here on are of the x32 ABI, a second door to every call. */
const x32Bit = 0x40000000;
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: all of them end at the network namespace. */
const families = [1, 2, 10, 16];
/** TIOCSTI and TIOCLINUX push characters into a terminal. */
const terminalRequests = [0x5412, 0x541c];
/** CLONE_NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWNS, NEWTIME. */
const namespaceFlags =
  0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000 | 0x80;

export { denied as deniedCalls, missing as missingCalls, namespaceFlags, terminalRequests };

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** The program's bytes, or undefined for an architecture whose numbers are not known here. */
export function seccompProgram(arch: NodeJS.Architecture): Buffer | undefined {
  const known = architectures[arch];
  if (known === undefined) return undefined;
  const { audit, column } = known;
  const program: Instruction[] = [
    [load, 0, 0, atArchitecture],
    [equal, 1, 0, audit],
    [give, 0, 0, kill],
    [load, 0, 0, atNumber],
  ];
  if (arch === "x64") program.push([atLeast, 0, 1, x32Bit], [give, 0, 0, errno(ENOSYS)]);
  const refuse = (calls: typeof denied, code: number): void => {
    for (const call of Object.values(calls)) {
      if (call[column] >= 0) program.push([equal, 0, 1, call[column]], [give, 0, 0, errno(code)]);
    }
  };
  refuse(denied, EPERM);
  refuse(missing, ENOSYS);
  /** For one call: `checks` see its argument, and end in a verdict. */
  const onArgument = (call: number, index: number, checks: Instruction[]): void => {
    program.push([equal, 0, checks.length + 1, call], [load, 0, 0, atArgument(index)], ...checks);
  };
  onArgument(socketCall[column], 0, [
    ...families.map((family, at): Instruction => [equal, families.length - at, 0, family]),
    [give, 0, 0, errno(EAFNOSUPPORT)],
    [give, 0, 0, allow],
  ]);
  onArgument(ioctlCall[column], 1, [
    ...terminalRequests.map((request, at): Instruction => [equal, terminalRequests.length - at, 0, request]),
    [give, 0, 0, allow],
    [give, 0, 0, errno(EPERM)],
  ]);
  onArgument(cloneCall[column], 0, [
    [anyBit, 0, 1, namespaceFlags],
    [give, 0, 0, errno(EPERM)],
    [give, 0, 0, allow],
  ]);
  program.push([give, 0, 0, allow]);
  return assemble(program);
}

/** struct sock_filter: two bytes of code, two jumps, four bytes of value. */
function assemble(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  }
  return bytes;
}
