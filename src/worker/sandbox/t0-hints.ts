/**
 * Which functions of QuickJS every run calls. An engine compiles a function when it is first called, one after the other; these
 * it is told to compile at once, with all its threads, by a custom section that V8 13.6 reads if its flags say so
 * (`hintFlags`). Other engines skip the section. `scripts/generate` finds the functions by running a script.
 */

const name = "compilationHints";
const sections = { custom: 0, import: 2, function: 3, code: 10 };
/** A byte for each function: when it is first called, or with the module. */
const lazy = 1;
const eager = 2;
const offsetBytes = 4;

/** Without a module that has hints, or with a V8 that reads other ones, they would have all of it compiled. */
export const hintFlags: readonly string[] = process.versions.v8.startsWith("13.6.")
  ? ["--experimental-wasm-compilation-hints", "--no-wasm-lazy-compilation"]
  : [];

/** A section and where in `engine` it belongs. `called` are numbers of functions, those that it imports first. */
export function encodeHints(engine: Uint8Array, called: readonly number[]): Buffer {
  const declared = sectionOf(engine, sections.function);
  const imported = sectionOf(engine, sections.import);
  const [functions] = readLeb(engine, declared.content);
  // The engine imports functions alone.
  const [imports] = readLeb(engine, imported.content);
  const hints = Buffer.alloc(functions, lazy);
  for (const number of called) if (number >= imports) hints[number - imports] = eager;
  const content = Buffer.concat([sized(Buffer.from(name)), leb(functions), hints]);
  const at = Buffer.alloc(offsetBytes);
  at.writeUInt32LE(sectionOf(engine, sections.code).start);
  return Buffer.concat([at, Buffer.of(sections.custom), sized(content)]);
}

/** The module with its hints. */
export function withHints(engine: Buffer, hints: Buffer): Buffer<ArrayBuffer> {
  const at = hints.readUInt32LE();
  return Buffer.concat([engine.subarray(0, at), hints.subarray(offsetBytes), engine.subarray(at)]);
}

function sectionOf(engine: Uint8Array, id: number): { start: number; content: number } {
  const headBytes = 8;
  for (let start = headBytes; start < engine.length;) {
    const [sizeBytes, content] = readLeb(engine, start + 1);
    if (engine[start] === id) return { start, content };
    start = content + sizeBytes;
  }
  throw new Error(`the engine has no section ${id}`);
}

/** An unsigned number in LEB128, and where it ends. */
function readLeb(bytes: Uint8Array, from: number): [value: number, end: number] {
  let value = 0;
  for (let at = from, shift = 0; ; at += 1, shift += 7) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at + 1];
  }
}

function leb(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

const sized = (bytes: Buffer): Buffer => Buffer.concat([leb(bytes.length), bytes]);
