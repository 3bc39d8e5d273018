/** What a run is granted, and how frames, trees and enclosures keep to it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  defaultRunLimits,
  grantLimits,
  operatorLimits,
  runCeilings,
  type RunLimits,
} from "../../../../src/skills/run-limits.ts";
import { cpuMsOf } from "../../../../src/worker/executors/process-usage.ts";
import { enclose, scratchInside } from "../../../../src/worker/sandbox/bubblewrap.ts";
import { privateBytes } from "../../../../src/worker/sandbox/rss-watch.ts";
import { createFrameReader, encodeFrame, messageFrame } from "../../../../src/worker/sandbox/t0-frames.ts";

const MiB = 1024 ** 2;

describe("limits", () => {
  test("without a word the defaults hold, for the operator and for the task", () => {
    expect(operatorLimits(undefined)).toEqual(defaultRunLimits);
    expect(grantLimits(undefined, operatorLimits({ memoryMb: 1_024 }))).toEqual(defaultRunLimits);
  });

  test("a task gets what it asks for up to what the operator grants, and no more", () => {
    const most = operatorLimits({ memoryMb: 1_024, timeoutSeconds: 60 });
    expect(grantLimits({ memoryMb: 512 }, most).memoryBytes).toBe(512 * MiB);
    expect(() => grantLimits({ memoryMb: 1_025 }, most)).toThrow("at most 1024 MB of memory");
    expect(() => grantLimits({ cpuCores: 2 }, most)).toThrow("at most 1 cores");
  });

  test("an operator who grants less than the defaults is obeyed", () => {
    expect(grantLimits(undefined, operatorLimits({ memoryMb: 32 })).memoryBytes).toBe(32 * MiB);
  });

  test("no one grants more than the ceilings: 8 GB, 16 cores", () => {
    expect(() => operatorLimits({ memoryMb: 8 * 1024 + 1 })).toThrow("at most 8192 MB");
    expect(() => operatorLimits({ cpuCores: 17 })).toThrow("at most 16 cores");
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 8_192, noNaN: true }),
        fc.double({ min: 0.1, max: 8_192, noNaN: true }),
        (grant, ask) => {
          const most = operatorLimits({ memoryMb: grant });
          let got: RunLimits | undefined;
          try {
            got = grantLimits({ memoryMb: ask }, most);
          } catch {
            expect(Math.round(ask * MiB)).toBeGreaterThan(most.memoryBytes);
          }
          if (got !== undefined)
            expect(got.memoryBytes).toBeLessThanOrEqual(Math.min(most.memoryBytes, runCeilings.memoryBytes));
        },
      ),
    );
  });
});

describe("frames", () => {
  test("come out whole, however the bytes are cut", () => {
    const frames = [
      messageFrame({ a: 1 }),
      encodeFrame("bytes", Buffer.from("xyz")),
      encodeFrame("bytes", new Uint8Array()),
    ];
    const bytes = Buffer.concat(frames);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
        const read = createFrameReader(1_000);
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const got = places.slice(1).flatMap((end, i) => read(bytes.subarray(places[i], end)));
        expect(got.map(({ kind, payload }) => [kind, Buffer.from(payload).toString()])).toEqual([
          ["message", '{"a":1}'],
          ["bytes", "xyz"],
          ["bytes", ""],
        ]);
      }),
    );
  });

  test("who says too much, or nonsense, is not listened to", () => {
    expect(() => createFrameReader(10)(Buffer.alloc(11))).toThrow(RangeError);
    expect(() => createFrameReader(100)(Buffer.from([9, 1, 0, 0, 0, 0]))).toThrow(RangeError);
  });
});

describe("what /proc says", () => {
  test("memory of a process without its files", () => {
    expect(
      privateBytes(
        "Name:\tx\nVmRSS:\t  900 kB\nRssAnon:\t     100 kB\nRssFile:\t 700 kB\nRssShmem:\t      20 kB\n",
      ),
    ).toBe(120 * 1_024);
    expect(privateBytes("")).toBe(0);
  });

  test("processor time, also of a name that is made to confuse", () => {
    expect(cpuMsOf("7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 12 3 4 1 20 0 1 0")).toBe(200);
  });
});

describe("the enclosure", () => {
  const base = {
    bwrap: "/usr/bin/bwrap",
    prlimit: "/usr/bin/prlimit",
    argv: ["/bin/echo", "--bind", "/", "/"],
    limits: defaultRunLimits,
    network: false,
    mounts: [],
  };

  test("arguments of the command stay arguments of the command", () => {
    const line = enclose(base);
    const [first, second] = [line.indexOf("--"), line.lastIndexOf("--")];
    expect(line.slice(second + 1)).toEqual(base.argv);
    expect(line.slice(first + 1, second)[0]).toBe(base.prlimit);
    expect(line.slice(0, first)).not.toContain("--bind");
  });

  test("no network, no writable folder of the machine, unless it is said", () => {
    const closed = enclose(base);
    expect(closed).toContain("--unshare-all");
    expect(closed).not.toContain("--share-net");
    const open = enclose({
      ...base,
      argv: ["/bin/true"],
      network: true,
      mounts: [{ path: "/data", write: true }, { path: "/models" }],
    });
    expect(open).toContain("--share-net");
    expect(open.join(" ")).toContain("--bind /data /data");
    expect(open.join(" ")).toContain("--ro-bind /models /models");
    expect(open.join(" ")).toContain(`--chdir ${scratchInside}`);
  });

  test("a mount that is not absolute is refused", () => {
    expect(() => enclose({ ...base, mounts: [{ path: "data" }] })).toThrow("absolute");
  });
});
