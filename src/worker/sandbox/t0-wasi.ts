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
  const imports = {
    wasi_snapshot_preview1: { ...shim.wasiImport, poll_oneoff: pollWith(shim), sched_yield: rest },
  };
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

const asleep = new Int32Array(new SharedArrayBuffer(4));

/** A guest that yields has nothing to do just now, and nobody else runs here: a loop that waits costs no processor time. */
function rest(): number {
  Atomics.wait(asleep, 0, 0, 1);
  return wasi.ERRNO_SUCCESS;
}

const subscriptionBytes = 48;
const eventBytes = 32;
// The longest that Atomics.wait takes without overflow; nobody lives so long.
const longestWaitMs = 2 ** 31;

/**
 * The shim's own spins until the time has come, reads the flags from the wrong place, and takes no two subscriptions; this one
 * sleeps. A time is all there is to wait for: files are always ready. Layout: `__wasi_subscription_t` of wasi_snapshot_preview1.
 */
function pollWith(shim: WASI): WASI["wasiImport"][string] {
  return (inAt: number, outAt: number, count: number, countAt: number): number => {
    const view = new DataView(shim.inst.exports.memory.buffer);
    if (count < 1) return wasi.ERRNO_INVAL;
    let ready = 0;
    const tell = (at: number): void => {
      const event = outAt + eventBytes * ready++;
      view.setBigUint64(event, view.getBigUint64(at, true), true);
      view.setUint32(event + 8, 0, true);
      view.setUint8(event + 10, view.getUint8(at + 8));
      view.setBigUint64(event + 16, 0n, true);
      view.setBigUint64(event + 24, 0n, true);
    };
    let soonest = { at: -1, leftMs: Infinity };
    for (let n = 0; n < count; n++) {
      const at = inAt + subscriptionBytes * n;
      if (view.getUint8(at + 8) !== wasi.EVENTTYPE_CLOCK) {
        tell(at);
        continue;
      }
      const absolute = (view.getUint16(at + 40, true) & wasi.SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME) !== 0;
      const now = view.getUint32(at + 16, true) === wasi.CLOCKID_REALTIME ? Date.now() : performance.now();
      const leftMs = Number(view.getBigUint64(at + 24, true)) / 1e6 - (absolute ? now : 0);
      if (leftMs < soonest.leftMs) soonest = { at, leftMs };
    }
    if (ready === 0) {
      if (soonest.leftMs > 0) Atomics.wait(asleep, 0, 0, Math.min(soonest.leftMs, longestWaitMs));
      tell(soonest.at);
    }
    view.setUint32(countAt, ready, true);
    return wasi.ERRNO_SUCCESS;
  };
}
