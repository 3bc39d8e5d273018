/**
 * INPUT of `run` and `submit`: JSON text, `@file`, or `-` for standard input; absent it is an empty object, which skills
 * without required fields take. Fields of `--set` are added to it, also to a file where the skill takes forms. A file that is not a JSON object goes to skills that take files as the file itself.
 */
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { extname } from "node:path";
import { Readable } from "node:stream";
import type { ApiClient } from "../src/api/client.ts";
import type { SubmissionJson } from "../src/api/submission.ts";
import { ErrandError } from "../src/core/errors.ts";
import { limits } from "../src/core/limits.ts";

export type TaskInput = Pick<SubmissionJson, "input" | "inputBlob">;

export interface InputChoice {
  /** As typed. */
  text: string | undefined;
  /** `--input-type`. */
  type: string | undefined;
  /** Media types that the skill takes besides JSON; undefined when the skill is not known. */
  modes: readonly string[] | undefined;
  /** `--set`: fields of the input, which are added to JSON and sent along with a file. */
  fields?: Readonly<Record<string, unknown>>;
}

/** All that is needed of the node. */
export type Uploads = Pick<ApiClient, "upload">;

const json = "application/json";
const octets = "application/octet-stream";
const formType = "multipart/form-data";

/** Throws `InvalidInput` that shows where. */
export async function readInput(client: Uploads, choice: InputChoice): Promise<TaskInput> {
  const { fields = {} } = choice;
  const file = choice.text === "-" || choice.text?.startsWith("@") === true;
  if (file && Object.keys(fields).length > 0 && choice.modes?.includes(formType) === true) {
    return uploadForm(client, choice, fields);
  }
  const taken = await readPlain(client, choice);
  if (Object.keys(fields).length === 0) return taken;
  const { input } = taken;
  if (taken.inputBlob !== undefined || typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new ErrandError("InvalidInput", "--set adds fields to an object, and this input is none", {
      hint: "Only skills that take multipart/form-data take fields beside a file; `errand skill get` says so.",
    });
  }
  return { input: { ...input, ...fields } };
}

async function readPlain(client: Uploads, choice: InputChoice): Promise<TaskInput> {
  const { text } = choice;
  if (text === undefined) return { input: {} };
  if (text === "-") return fromStdin(client, choice);
  if (text.startsWith("@")) return fromFile(client, text.slice(1), choice);
  if (choice.type !== undefined && choice.type !== json) {
    return upload(client, Readable.from([Buffer.from(text)]), choice.type);
  }
  return { input: parseJson(text, "INPUT") };
}

async function fromFile(client: Uploads, path: string, choice: InputChoice): Promise<TaskInput> {
  const { type, modes = [] } = choice;
  const sizeBytes = await fileSize(path);
  const send = (as: string): Promise<TaskInput> => upload(client, createReadStream(path), as);
  if (type !== undefined && type !== json) return send(type);
  if (type === undefined) {
    if (modes.includes("*/*")) return send(fileType(path));
    if (modes.length > 0) {
      if (sizeBytes > limits.jsonBodyBytes) return send(acceptedType(guessType(path), modes));
      const input = asJsonObject(await readBounded(path));
      return input === undefined ? send(acceptedType(guessType(path), modes)) : { input };
    }
  }
  if (sizeBytes > limits.jsonBodyBytes) {
    throw new ErrandError("InvalidInput", `${path} is too large for JSON input (${sizeBytes} bytes)`, {
      hint: "--input-type MIME sends the file itself, to a skill that takes files.",
    });
  }
  return { input: parseJson((await readBounded(path)).toString("utf8"), path, choice) };
}

async function fromStdin(client: Uploads, choice: InputChoice): Promise<TaskInput> {
  const { type, modes = [] } = choice;
  if (type !== undefined && type !== json) return upload(client, process.stdin, type);
  const bytes = await readAll(process.stdin, "standard input");
  if (type === undefined && modes.length > 0) {
    const input = modes.includes("*/*") ? undefined : asJsonObject(bytes);
    if (input !== undefined) return { input };
    const guessed = isText(bytes) ? "text/plain" : octets;
    return upload(client, Readable.from([bytes]), acceptedType(guessed, modes));
  }
  return { input: parseJson(bytes.toString("utf8"), "standard input", choice) };
}

/** The file and the fields as one body, which is never whole in memory. */
async function uploadForm(
  client: Uploads,
  { text, type }: InputChoice,
  fields: Readonly<Record<string, unknown>>,
): Promise<TaskInput> {
  const path = text === "-" ? undefined : text?.slice(1);
  if (path !== undefined) await fileSize(path);
  const boundary = `errand-${randomBytes(16).toString("hex")}`;
  const fileIs = type ?? (path === undefined ? octets : guessType(path));
  async function* form(): AsyncGenerator<Uint8Array> {
    const json = JSON.stringify(fields);
    yield Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="input"\r\ncontent-type: application/json\r\n\r\n${json}\r\n` +
        `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="file"\r\ncontent-type: ${fileIs}\r\n\r\n`,
    );
    yield* path === undefined ? process.stdin : createReadStream(path);
    yield Buffer.from(`\r\n--${boundary}--\r\n`);
  }
  return upload(client, Readable.from(form()), `${formType}; boundary=${boundary}`);
}

async function fileSize(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return found.size;
  } catch (cause) {
    throw new ErrandError("InvalidInput", `cannot read the file ${path}`, {
      hint: 'After "@" comes the path of a file; JSON text that begins with "@" needs its quotes: \'"@…"\'.',
      cause,
    });
  }
  throw new ErrandError("InvalidInput", `${path} is a folder`, { hint: "Name one file." });
}

async function readBounded(path: string): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    return await readAll(file.createReadStream({ autoClose: false }), path);
  } finally {
    await file?.close();
  }
}

async function readAll(source: Readable, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limits.jsonBodyBytes) {
      throw new ErrandError("InvalidInput", `${name} has more than ${limits.jsonBodyBytes} bytes`, {
        hint: "--input-type MIME streams it as a file, to a skill that takes files.",
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function upload(client: Uploads, source: Readable, type: string): Promise<TaskInput> {
  const blob = await client.upload<{ hash: string; sizeBytes: number }>("/v1/blobs", source);
  return { inputBlob: { ...blob, type } };
}

/** `file`: what was chosen, if it is the content of one. */
function parseJson(text: string, where: string, file?: InputChoice): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const hint =
      file === undefined
        ? `Quote it for the shell: '{"text": "hello"}', or '"hello"' for a bare text; @FILE reads a file.`
        : file.modes === undefined
          ? "Nobody known offers this skill, so whether it takes files is not known either: `errand skill find SKILL` looks for it, --input-type MIME sends the file as it is."
          : "This skill takes JSON and no files; `errand skill get SKILL` shows examples.";
    throw new ErrandError("InvalidInput", `${where} is not JSON: ${(cause as Error).message}`, {
      hint,
      cause,
    });
  }
}

function asJsonObject(bytes: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isText(bytes: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return !bytes.includes(0);
  } catch {
    return false;
  }
}

/** The guessed type if the skill takes it; as plain text to a skill of texts (every text is one). */
function acceptedType(guessed: string, modes: readonly string[]): string {
  const takes = (type: string): boolean =>
    modes.some((mode) => mode === type || mode === "*/*" || mode === type.replace(/\/.*$/, "/*"));
  return !takes(guessed) && takes("text/plain") ? "text/plain" : guessed;
}

const types: Record<string, string> = {
  ".csv": "text/csv",
  ".gif": "image/gif",
  ".gz": "application/gzip",
  ".htm": "text/html",
  ".html": "text/html",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".json": json,
  ".md": "text/plain",
  ".mp3": "audio/mpeg",
  ".mp4": "video/mp4",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain",
  ".wav": "audio/wav",
  ".webp": "image/webp",
  ".xml": "application/xml",
  ".yaml": "application/yaml",
  ".yml": "application/yaml",
  ".zip": "application/zip",
};

function guessType(path: string): string {
  return types[extname(path).toLowerCase()] ?? octets;
}

/** For a skill that takes every file: JSON too goes as the file, and what is named JSON would be parsed. */
function fileType(path: string): string {
  const guessed = guessType(path);
  return guessed === json ? octets : guessed;
}
