/** The files of a WASI guest: what the shim itself would let grow without end. */
import { OpenFile, wasi, type Fd } from "@bjorn3/browser_wasi_shim";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createGuestFiles } from "../../../../src/worker/sandbox/t0-files.ts";

const create = wasi.OFLAGS_CREAT;

function open(files: ReturnType<typeof createGuestFiles>, path: string, flags = create): Fd | number {
  const { ret, fd_obj } = files.root.path_open(0, path, flags, 0n, 0n, 0);
  return fd_obj ?? ret;
}

test("what is written can be read back, in folders too", () => {
  const files = createGuestFiles({ "/lib/given.txt": Buffer.from("given") }, ["/tmp"], 1_000);
  expect(files.root.path_create_directory("tmp/a")).toBe(0);
  const file = open(files, "tmp/a/../a/b.txt") as OpenFile;
  expect(file.fd_write(Buffer.from("hello ")).ret).toBe(0);
  expect(file.fd_write(Buffer.from("world")).ret).toBe(0);
  expect(Buffer.from(files.read("/tmp/a/b.txt") ?? []).toString()).toBe("hello world");
  expect(files.read("/lib/given.txt")).toEqual(Buffer.from("given"));
  expect(files.read("/lib")).toBeUndefined();
});

test("paths above the root are refused, given files are not written", () => {
  const files = createGuestFiles({ "/lib/given.txt": Buffer.from("given") }, [], 1_000);
  for (const path of ["../x", "/etc/passwd", "lib/../../x"])
    expect(open(files, path)).toBe(wasi.ERRNO_NOTCAPABLE);
  const given = open(files, "lib/given.txt", 0) as OpenFile;
  expect(given.fd_write(Buffer.from("x")).ret).not.toBe(0);
  expect(files.read("/lib/given.txt")).toEqual(Buffer.from("given"));
});

test("all files together stay within the bound, however they are made to grow", () => {
  const bound = 10_000;
  const grow = fc.record({
    file: fc.integer({ min: 0, max: 3 }),
    how: fc.constantFrom("write", "pwrite", "allocate", "resize", "seek"),
    size: fc.integer({ min: 0, max: 6_000 }),
  });
  fc.assert(
    fc.property(fc.array(grow, { maxLength: 40 }), (steps) => {
      const files = createGuestFiles({}, [], bound);
      const opened = [0, 1, 2, 3].map((name) => open(files, `f${name}`) as OpenFile);
      for (const { file, how, size } of steps) {
        const at = opened[file] as OpenFile;
        if (how === "write") at.fd_write(new Uint8Array(size));
        else if (how === "pwrite") at.fd_pwrite(new Uint8Array(10), BigInt(size));
        else if (how === "allocate") at.fd_allocate(0n, BigInt(size));
        else if (how === "resize") at.fd_filestat_set_size(BigInt(size));
        else at.fd_seek(BigInt(size), wasi.WHENCE_SET);
      }
      const sizes = [0, 1, 2, 3].map((name) => files.read(`/f${name}`)?.length ?? 0);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(bound);
    }),
  );
});

test("a size that no file can have is refused and not tried", () => {
  const files = createGuestFiles({}, [], 1_000);
  const file = open(files, "f") as OpenFile;
  expect(file.fd_allocate(2n ** 62n, 1n)).toBe(wasi.ERRNO_NOSPC);
  expect(file.fd_filestat_set_size(2n ** 40n)).toBe(wasi.ERRNO_NOSPC);
  file.fd_seek(2n ** 50n, wasi.WHENCE_SET);
  expect(file.fd_write(Buffer.from("x")).ret).toBe(wasi.ERRNO_NOSPC);
});

test("entries are bounded too", () => {
  const files = createGuestFiles({}, [], 1_000);
  let made = 0;
  while (typeof open(files, `f${made}`) !== "number" && made < 20_000) made += 1;
  expect(made).toBe(10_000);
  expect(files.root.path_create_directory("more")).toBe(wasi.ERRNO_NOSPC);
});
