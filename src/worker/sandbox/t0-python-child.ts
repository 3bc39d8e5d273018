/** The program of a T0 child for Python. Files: CPython as a module, and the archive of its library. */
import { receiveFor, serve, text } from "./t0-child.ts";
import { runPython } from "./t0-python.ts";

void serve(async (start, { stdout, stderr }) => {
  const [engine = "", library = ""] = start.files;
  const result = await runPython({
    engine,
    library,
    ahead: start.ahead,
    program: () => receiveFor("script").attachments[0] ?? new Uint8Array(),
    outputBytes: start.outputBytes,
    scratchBytes: start.scratchBytes,
    memoryPages: start.memoryPages,
    stdout: (chunk) => stdout.write(chunk),
    stderr: (chunk) => stderr.write(chunk),
    tail: () => stderr.tail(),
  });
  return { result: Buffer.from(result), exitCode: 0, stdout: text(stdout.bytes()) };
});
