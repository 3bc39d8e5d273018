/** The program of a T0 child for a module that a peer or the operator brings. It needs no files. */
import { receiveFor, serve } from "./t0-child.ts";
import { createGuestFiles } from "./t0-files.ts";
import { GuestFailure } from "./t0-messages.ts";
import { runWasi } from "./t0-wasi.ts";

void serve(async (start, { stdout, stderr }) => {
  const { request, attachments } = receiveFor("wasm");
  const [bytes = new Uint8Array(), stdin = new Uint8Array()] = attachments;
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(new Uint8Array(bytes));
  } catch (error) {
    throw new GuestFailure("refused", (error as Error).message);
  }
  const exitCode = runWasi({
    module,
    argv: request.argv,
    stdin: () => stdin,
    stdout: (chunk) => stdout.write(chunk),
    stderr: (chunk) => stderr.write(chunk),
    files: createGuestFiles({}, ["/tmp"], start.scratchBytes),
    memoryPages: start.memoryPages,
  });
  // What a module prints is its result already.
  return { result: stdout.bytes(), exitCode, stdout: "" };
});
