/**
 * Python of a peer's inside a T0 child: CPython for WASI with its standard library in memory, under the same shim as any
 * other module. Input and result are JSON files there.
 */
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { createGuestFiles } from "./t0-files.ts";
import { GuestFailure } from "./t0-messages.ts";
import { runWasi } from "./t0-wasi.ts";

export interface PythonRun {
  /** The file of CPython's module, and that of the archive of its library. */
  engine: string;
  library: string;
  /** Nobody waits yet. */
  ahead: boolean;
  /** Called once the interpreter is up: form, code and input, as one JSON document. */
  program: () => Uint8Array;
  outputBytes: number;
  scratchBytes: number;
  memoryPages: number;
  stdout: (chunk: Uint8Array) => void;
  stderr: (chunk: Uint8Array) => void;
  /** The last lines on standard error. */
  tail: () => string;
}

const resultPath = "/errand/out/result.json";

// Standard input brings the program, so that the interpreter is up before there is one. JSON by what `json` itself is made on:
// that imports regular expressions, a third of what the interpreter takes to come up. This build of CPython cannot sleep by
// itself; sched_yield rests for a millisecond (t0-wasi.ts). What the interpreter would take apart at its end goes with its process.
const main = `
import _json, atexit, posix, sys, time
def sleep(seconds, pause=getattr(posix, "sched_yield", lambda: None), now=time.monotonic):
    if seconds < 0: raise ValueError("sleep length must be non-negative")
    end = now() + seconds
    while now() < end: pause()
time.sleep = sleep
class AsJson:
    strict, object_hook, object_pairs_hook = True, None, None
    parse_float, parse_int, parse_constant = float, int, float
def refuse(value):
    raise TypeError(f"Object of type {value.__class__.__name__} is not JSON serializable")
def dumps(value, allow_nan=True, encoder=_json.make_encoder, text=_json.encode_basestring_ascii):
    return "".join(encoder({}, refuse, text, None, ": ", ", ", False, False, allow_nan)(value, 0))
def progress(fraction, message=""):
    sys.stderr.write(dumps({"progress": float(fraction), "message": str(message)}) + "\\n")
    sys.stderr.flush()
parse = _json.make_scanner(AsJson)
REHEARSAL
program, _ = parse(sys.stdin.buffer.read().decode(), 0)
scope = {"__name__": "__main__", "input": program["input"], "progress": progress}
if program["form"] == "expression":
    value = eval(compile(program["code"].strip(), "expression.py", "eval"), scope)
else:
    exec(compile(program["code"], "script.py", "exec"), scope)
    value = scope.get("result")
with open("${resultPath}", "w", encoding="utf-8") as f:
    f.write(dumps(value, allow_nan=False))
atexit._run_exitfuncs()
for stream in sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__:
    try: stream.flush()
    except Exception: pass
posix._exit(0)
`;

/**
 * Before there is a program there is time for what many import, and to have compiled what all go through; under bounds too tight
 * for that it is left.
 */
const rehearsal = `
try:
    import json, os
    exec(compile("def f(x): return {'a': [x, 2.5, 'b']}\\nresult = f(1)", "rehearsal.py", "exec"), {})
    dumps(parse('{"a": [1, 2.5, "b", null]}', 0))
    with open("${resultPath}", "w", encoding="utf-8") as f: f.write("null")
    os.remove("${resultPath}")
except Exception: pass
`;

/** The result as JSON. Throws `GuestFailure`. */
export async function runPython(run: PythonRun): Promise<string> {
  // In a thread of its own meanwhile, in one piece: nothing turns the event loop until the module is compiled.
  const archive = promisify(gunzip)(readFileSync(run.library), { chunkSize: libraryBytes });
  const module = new WebAssembly.Module(readFileSync(run.engine));
  const files = createGuestFiles(
    {
      ...readTar(await archive),
      "/errand/main.py": Buffer.from(main.replace("REHEARSAL", run.ahead ? rehearsal : "")),
    },
    ["/errand/out", "/tmp"],
    run.scratchBytes,
  );
  const exitCode = runWasi({
    module,
    argv: ["python", "-I", "-S", "-B", "-X", "utf8", "/errand/main.py"],
    env: ["PYTHONHOME=/usr/local"],
    stdin: run.program,
    stdout: run.stdout,
    stderr: run.stderr,
    files,
    memoryPages: run.memoryPages,
  });
  if (exitCode !== 0) {
    const lines = run.tail().split("\n");
    const last = lines.at(-1) ?? "";
    if (last.startsWith("MemoryError")) throw new GuestFailure("limit", "it used more memory than it may");
    throw new GuestFailure("failed", last === "" ? `it ended with exit code ${exitCode}` : last);
  }
  const result = files.read(resultPath);
  if (result === undefined) return "null";
  if (result.length > run.outputBytes) {
    throw new GuestFailure("limit", `the result is larger than ${run.outputBytes} bytes`);
  }
  return Buffer.from(result).toString("utf8");
}

/** More than the library's archive unpacks to. */
const libraryBytes = 8 * 1024 * 1024;
const blockBytes = 512;

/** Regular files of a tar archive by absolute path. The archive is the package's own: nothing in it is hostile. */
function readTar(tar: Buffer): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  for (let at = 0; at + blockBytes <= tar.length;) {
    const text = (from: number, length: number): string =>
      tar.toString("latin1", at + from, at + from + length).replace(/\0.*$/s, "");
    const name = text(0, 100);
    if (name === "") break;
    const sizeBytes = Number.parseInt(text(124, 12), 8);
    const type = text(156, 1);
    at += blockBytes;
    if (type === "0" || type === "") files[`/${name}`] = new Uint8Array(tar.subarray(at, at + sizeBytes));
    at += Math.ceil(sizeBytes / blockBytes) * blockBytes;
  }
  return files;
}
