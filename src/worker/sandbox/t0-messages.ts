/** What the node asks of a T0 child, and what it hears back. Everything is JSON; attachments travel as frames of bytes. */

/** Known when a child starts, and so an argument of it. */
export interface T0Start {
  /** Absolute paths of what the engine is started from, in the order that its child names. */
  files: readonly string[];
  /** Before there is a request: it has time to get ready for whatever may come. */
  ahead: boolean;
  /** WebAssembly pages of 64 KiB. */
  memoryPages: number;
  outputBytes: number;
  scratchBytes: number;
}

/** Attachments, in order, are named with each kind. */
export type T0Request = { attachments: number } & (
  | {
      /** Attachments: form, code and input as one JSON document. */
      kind: "script";
    }
  | {
      /** Attachments: the module, standard input. */
      kind: "wasm";
      argv: string[];
    }
);

export interface ScriptProgram {
  form: "expression" | "program";
  code: string;
  input: unknown;
}

/** How a guest ended; its result, a JSON text or standard output, comes as an attachment before it. */
export type T0Ending =
  | { ok: true; exitCode: number; stdout: string; stderr: string }
  | { ok: false; reason: "failed" | "limit" | "refused"; message: string };

export type T0Message =
  | { report: { progress: number; message: string } }
  | { log: string }
  | { end: T0Ending; cpuMs: number; peakMemoryBytes: number };

/** A guest's run ended for a reason that its code is answerable for. */
export class GuestFailure extends Error {
  readonly reason: "failed" | "limit" | "refused";
  constructor(reason: "failed" | "limit" | "refused", message: string) {
    super(message);
    this.reason = reason;
  }
}
