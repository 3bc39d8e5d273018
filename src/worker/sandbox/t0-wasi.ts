/**
 * Runs one WASI command module inside a T0 child: arguments, standard streams, and files in memory. There is no host file,
 * no socket and no environment behind the shim, whatever the module asks for.
 */
import { ConsoleStdout, Fd, File, OpenFile, WASI, WASIProcExit, wasi } from "@bjorn3/browser_wasi_shim";
import { GuestFailure } from "./t0-messages.ts";
import type { GuestFiles } from "./t0-files.ts";

export interface WasiRun {
  module: WebAssembly.Module;
  argv: readonly string[];
  env?: readonly string[];
  /** Called when the module first reads. */
  stdin: () => Uint8Array;
  stdout: (chunk: Uint8Array) => void;
  stderr: (chunk: Uint8Array) => void;
  files: GuestFiles;
  /** The most that its memory can grow to. */
  memoryPages: number;
}

/** Standard input that is had when it is first asked for; a class because that is how the shim knows descriptors. */
class LateInput extends Fd {
  readonly #open: () => Uint8Array;
  #file: OpenFile | undefined;
  constructor(open: () => Uint8Array) {
    super();
    this.#open = open;
  }
  override fd_fdstat_get(): { ret: number; fdstat: wasi.Fdstat | null } {
    return { ret: wasi.ERRNO_SUCCESS, fdstat: new wasi.Fdstat(wasi.FILETYPE_CHARACTER_DEVICE, 0) };
  }
  override fd_filestat_get(): { ret: number; filestat: wasi.Filestat | null } {
    return {
      ret: wasi.ERRNO_SUCCESS,
      filestat: new wasi.Filestat(0n, wasi.FILETYPE_CHARACTER_DEVICE, 0n),
    };
  }
  override fd_read(size: number): { ret: number; data: Uint8Array } {
    this.#file ??= new OpenFile(new File(this.#open(), { readonly: true }));
    return this.#file.fd_read(size);
  }
}

/** The exit code. Throws `GuestFailure`: what the module traps on, or that it is no command module. */
export function runWasi(run: WasiRun): number {
  const fds: Fd[] = [
    new LateInput(run.stdin),
    new ConsoleStdout(run.stdout),
    new ConsoleStdout(run.stderr),
    run.files.root,
  ];
  const shim = new WASI([...run.argv], [...(run.env ?? [])], fds, { debug: false });
  const imports = { wasi_snapshot_preview1: { ...shim.wasiImport, poll_oneoff: pollWith(shim) } };
  let instance: WebAssembly.Instance;
  try {
    instance = new WebAssembly.Instance(run.module, imports);
  } catch (error) {
    throw instanceFailure(error);
  }
  const { memory, _start: start } = instance.exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof start !== "function") {
    throw new GuestFailure("refused", "it is no WASI command: it must export memory and _start");
  }
  try {
    return shim.start(instance as Parameters<WASI["start"]>[0]);
  } catch (error) {
    if (error instanceof WASIProcExit) return error.code;
    if (error instanceof GuestFailure) throw error;
    // A module that was refused memory mostly has no better answer than a trap.
    if (memory.buffer.byteLength >= run.memoryPages * pageBytes * 0.9) {
      throw new GuestFailure("limit", "it ended in a trap, with all the memory used that it may");
    }
    throw trap(error);
  }
}

const pageBytes = 65_536;

function instanceFailure(error: unknown): GuestFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError || /memory/i.test(message)) {
    return new GuestFailure("limit", `its memory does not fit: ${message}`);
  }
  return new GuestFailure("refused", message);
}

function trap(error: unknown): GuestFailure {
  const message = error instanceof Error ? error.message : String(error);
  return new GuestFailure("failed", `it ended in a trap: ${message}`);
}

/** The shim's own spins until the time has come; this one sleeps. Only waiting for a time is there to wait for. */
function pollWith(shim: WASI): WASI["wasiImport"][string] {
  const spin = shim.wasiImport["poll_oneoff"] as (...args: number[]) => number;
  const never = new Int32Array(new SharedArrayBuffer(4));
  return (inAt: number, outAt: number, count: number): number => {
    const view = new DataView(shim.inst.exports.memory.buffer);
    if (count === 1) {
      const { eventtype, timeout, flags, clockid } = wasi.Subscription.read_bytes(view, inAt);
      if (eventtype === wasi.EVENTTYPE_CLOCK) {
        const absolute = (flags & wasi.SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME) !== 0;
        const nowNs = clockid === wasi.CLOCKID_REALTIME ? Date.now() * 1e6 : performance.now() * 1e6;
        const leftMs = (Number(timeout) - (absolute ? nowNs : 0)) / 1e6;
        // Not quite the whole time: the shim does the rest, to the microsecond.
        if (leftMs > 2) Atomics.wait(never, 0, 0, Math.min(leftMs - 1, 2 ** 31));
        if (!absolute) view.setBigUint64(inAt + 24, 0n, true);
      }
    }
    return spin(inAt, outAt, count);
  };
}
