/** The program of a T0 child for JavaScript. Files: QuickJS as a module, the image of its memory, and its hints. */
import { progress, receiveFor, serve, text } from "./t0-child.ts";
import { bootJavaScript } from "./t0-javascript.ts";
import type { ScriptProgram } from "./t0-messages.ts";

const pageBytes = 65_536;

void serve(async (start, { stdout, stderr }) => {
  const [engine = "", image = "", hints = ""] = start.files;
  const run = await bootJavaScript({
    engine,
    image,
    hints,
    ahead: start.ahead,
    memoryBytes: start.memoryPages * pageBytes,
    outputBytes: start.outputBytes,
    print: (line, stream) => (stream === "stdout" ? stdout : stderr).write(Buffer.from(`${line}\n`)),
    progress,
  });
  const { attachments } = receiveFor("script");
  const { form, code, input } = JSON.parse(text(attachments[0])) as ScriptProgram;
  const result = await run({ form, code, input: JSON.stringify(input) });
  return { result: Buffer.from(result), exitCode: 0, stdout: text(stdout.bytes()) };
});
