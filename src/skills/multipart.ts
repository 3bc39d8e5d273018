/**
 * A file together with other input: `multipart/form-data` (RFC 7578) with a part `input`, JSON, and a part `file`. Read as a
 * stream: a file of a gigabyte takes no memory, and is hashed while it is written into the run's folder.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { ErrandError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { FileInput } from "./skill.ts";

export const formType = "multipart/form-data";

export interface Form {
  /** The part `input`; undefined when there is none. */
  input: Buffer | undefined;
  /** The part `file`, if there is one. */
  file: FileInput | undefined;
}

const headBytes = 16 * 1024;
const chunkBytes = 1024 * 1024;

/** Throws `InvalidInput` for anything but those two parts. `dir` is made when a file needs it. */
export async function readForm(
  body: { path: string } | { bytes: Uint8Array },
  type: string,
  dir: string,
): Promise<Form> {
  const boundary = /;\s*boundary="?([A-Za-z0-9'()+_,./:=?-]{1,70})"?\s*(?:;|$)/i.exec(type)?.[1];
  if (boundary === undefined) throw wrong("its type names no boundary");
  const source = "path" in body ? createReadStream(body.path, { highWaterMark: chunkBytes }) : [body.bytes];
  const parts = createParts(dir);
  try {
    await split(source, Buffer.from(`\r\n--${boundary}`), parts);
    return await parts.done();
  } finally {
    await parts.close();
  }
}

interface Parts {
  begin(head: string): Promise<void>;
  write(piece: Buffer): Promise<void>;
  end(): Promise<void>;
  done(): Promise<Form>;
  close(): Promise<void>;
}

/** Calls `parts` for what stands between the delimiters. */
async function split(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  delimiter: Buffer,
  parts: Parts,
) {
  // The first delimiter has no line before it.
  let rest: Buffer = Buffer.from("\r\n");
  let state: "preamble" | "head" | "body" | "end" = "preamble";

  /** Whether it got on with what is there. */
  async function step(): Promise<boolean> {
    if (state === "head") {
      if (rest.length >= 2 && rest.subarray(0, 2).toString("latin1") === "--") {
        state = "end";
        return false;
      }
      const end = rest.indexOf("\r\n\r\n");
      if (end < 0 && rest.length > headBytes) throw wrong("a part's header is too long");
      if (end < 0) return false;
      await parts.begin(rest.toString("utf8", 0, end));
      rest = rest.subarray(end + 4);
      state = "body";
      return true;
    }
    const at = rest.indexOf(delimiter);
    const upTo = at < 0 ? Math.max(0, rest.length - delimiter.length + 1) : at;
    if (state === "body" && upTo > 0) await parts.write(rest.subarray(0, upTo));
    rest = rest.subarray(at < 0 ? upTo : at + delimiter.length);
    if (at < 0) return false;
    if (state === "body") await parts.end();
    state = "head";
    return true;
  }

  for await (const chunk of source) {
    rest =
      rest.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        : Buffer.concat([rest, chunk]);
    while (await step());
    if ((state as string) === "end") return;
  }
  throw wrong("it ends before its last boundary");
}

function createParts(dir: string): Parts {
  const form: Form = { input: undefined, file: undefined };
  let part: "input" | "file" | undefined;
  let chunks: Buffer[] = [];
  let sizeBytes = 0;
  let type = "";
  let handle: FileHandle | undefined;
  let hash = createHash("sha256");
  const path = join(dir, "file");

  return {
    async begin(head) {
      const name = /^content-disposition:[^\r\n]*[;\s]name="?([^";\r\n]*)"?/im.exec(head)?.[1];
      if (name !== "input" && name !== "file") throw wrong('its parts are called "input" and "file"');
      if (form[name] !== undefined) throw wrong(`it has two parts called "${name}"`);
      part = name;
      sizeBytes = 0;
      chunks = [];
      if (name === "input") return;
      type =
        /^content-type:\s*([\w.+-]+\/[\w.+-]+)/im.exec(head)?.[1]?.toLowerCase() ??
        "application/octet-stream";
      hash = createHash("sha256");
      await mkdir(dir, { recursive: true, mode: 0o700 });
      handle = await open(path, "wx", 0o600);
    },
    async write(piece) {
      sizeBytes += piece.length;
      if (part === "file") {
        hash.update(piece);
        await handle?.write(piece);
      } else {
        if (sizeBytes > limits.jsonBodyBytes)
          throw wrong(`its input has more than ${limits.jsonBodyBytes} bytes`);
        // A piece is a view of a buffer that is not ours to keep.
        chunks.push(Buffer.from(piece));
      }
    },
    async end() {
      if (part === "input") form.input = Buffer.concat(chunks);
      if (part !== "file") return;
      await handle?.close();
      handle = undefined;
      form.file = { path, sizeBytes, hash: hash.digest("hex"), type };
    },
    done: () => Promise.resolve(form),
    async close() {
      await handle?.close();
    },
  };
}

function wrong(why: string): ErrandError {
  return new ErrandError("InvalidInput", `input is no form of JSON and a file: ${why}`, {
    hint: 'It is multipart/form-data with a part "input" of JSON and a part "file".',
  });
}
