/** The filter run by a small interpreter of classic BPF, as the kernel would (linux/filter.h, seccomp(2)). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seccompProgram } from "../../../../src/worker/sandbox/seccomp.ts";

const allow = 0x7fff0000;
const kill = 0x80000000;
const refused = (errno: number): number => 0x00050000 | errno;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const x64 = 0xc000003e;
const arm64 = 0xc00000b7;

function verdict(program: Buffer, arch: number, call: number, args: readonly number[] = []): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call, 0);
  data.writeUInt32LE(arch, 4);
  args.forEach((value, index) => data.writeUInt32LE(value >>> 0, 16 + 8 * index));
  let accumulator = 0;
  for (let at = 0; at < program.length / 8; at += 1) {
    const code = program.readUInt16LE(at * 8);
    const jump = (holds: boolean): void => void (at += program.readUInt8(at * 8 + (holds ? 2 : 3)));
    const value = program.readUInt32LE(at * 8 + 4);
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else if (code === 0x15) jump(accumulator === value);
    else if (code === 0x35) jump(accumulator >= value);
    else if (code === 0x45) jump((accumulator & value) !== 0);
    else if (code === 0x06) return value;
    else throw new Error(`an instruction that the filter should not have: ${code}`);
  }
  throw new Error("the filter ends without a verdict");
}

describe.each([
  [
    "x64",
    x64,
    {
      read: 0,
      socket: 41,
      ioctl: 16,
      clone: 56,
      clone3: 435,
      memfd: 319,
      ptrace: 101,
      mount: 165,
      keyctl: 250,
    },
  ],
  [
    "arm64",
    arm64,
    {
      read: 63,
      socket: 198,
      ioctl: 29,
      clone: 220,
      clone3: 435,
      memfd: 279,
      ptrace: 117,
      mount: 40,
      keyctl: 219,
    },
  ],
] as const)("the filter of %s", (arch, audit, calls) => {
  const program = seccompProgram(arch) as Buffer;
  const of = (call: number, ...args: number[]): number => verdict(program, audit, call, args);

  test("allows what programs live on", () => {
    expect(of(calls.read)).toBe(allow);
    expect(of(calls.ioctl, 0, 0x5401)).toBe(allow);
    // A thread: CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD and more.
    expect(of(calls.clone, 0x003d0f00)).toBe(allow);
  });

  test("refuses what namespaces leave open", () => {
    expect(of(calls.keyctl)).toBe(refused(EPERM));
    expect(of(calls.ptrace)).toBe(refused(EPERM));
    expect(of(calls.mount)).toBe(refused(EPERM));
    expect(of(425)).toBe(refused(ENOSYS));
    expect(of(calls.memfd)).toBe(refused(ENOSYS));
    expect(of(calls.clone3)).toBe(refused(ENOSYS));
  });

  test("knows four families of sockets, and no others", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 64 }), (family) => {
        expect(of(calls.socket, family)).toBe(
          [1, 2, 10, 16].includes(family) ? allow : refused(EAFNOSUPPORT),
        );
      }),
    );
  });

  test("no new namespace by clone, no typing into a terminal", () => {
    for (const flag of [0x10000000, 0x20000000, 0x40000000, 0x00020000]) {
      expect(of(calls.clone, flag | 17)).toBe(refused(EPERM));
    }
    expect(of(calls.ioctl, 0, 0x5412)).toBe(refused(EPERM));
  });

  test("has a verdict for every call, and none for another architecture", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.integer({ min: 0, max: 0xffffffff }),
        (call, arg) => {
          const given = of(call, arg, arg);
          expect(given === allow || given >>> 16 === 5).toBe(true);
          expect(verdict(program, (audit ^ 1) >>> 0, call, [arg])).toBe(kill);
        },
      ),
    );
  });
});

test("the x32 ABI is no second door", () => {
  expect(verdict(seccompProgram("x64") as Buffer, x64, 0x40000000 + 41, [40])).toBe(refused(ENOSYS));
});

test("an architecture whose numbers are not known has no filter", () => {
  expect(seccompProgram("mips")).toBeUndefined();
});
