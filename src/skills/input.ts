/**
 * From the body of a task to the value that `run` takes: JSON is parsed, text arrives as `{ text }`, anything else as
 * `{ file }`, and a form as its JSON with `file` beside it. Runs in the node's thread for small bodies and in a worker thread for the rest.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bodySizeBytes, type Body } from "../core/body.ts";
import { ErrandError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { formType, readForm } from "./multipart.ts";
import { checkInput } from "./schema.ts";
import type { FileInput, SkillDefinition } from "./skill.ts";

export type InputShape = "json" | "text" | "file" | "form";

/** The shape in which a skill takes a body of media type `type`. Throws `InvalidInput` when it takes none. */
export function inputShape(definition: SkillDefinition, type: string): InputShape {
  if (type === "application/json" || type === "") return "json";
  const essence = (type.split(";", 1)[0] as string).trim().toLowerCase();
  if (essence === "application/json") return "json";
  // A skill that takes every file takes a form as one; only who names forms wants to see inside.
  if (essence === formType && definition.inputModes?.includes(formType) === true) return "form";
  for (const mode of definition.inputModes ?? []) {
    const wild = mode.includes("*");
    const fits =
      mode === "*/*" || mode === essence || (wild && essence.startsWith(mode.slice(0, mode.indexOf("*"))));
    // A text skill takes every kind of text (markdown, CSV); a wildcard skill takes even plain text as a file.
    if (mode === "text/plain" && essence.startsWith("text/")) return "text";
    if (fits) return "file";
  }
  throw new ErrandError(
    "InvalidInput",
    `${definition.id} does not take input of type "${type.slice(0, 80)}"`,
    {
      hint: `It takes ${["application/json", ...(definition.inputModes ?? [])].join(", ")}.`,
    },
  );
}

/** Parses and checks JSON that is at hand. Throws `InvalidInput`. */
export function readJson(definition: SkillDefinition, bytes: Uint8Array): unknown {
  const value = parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  refuseNamedFile(definition, value);
  checkInput(definition.input, value);
  return value;
}

/**
 * The checked value of any body. `path` holds the bytes of a blob; `scratchDir` is made when inline bytes must become a
 * file. Throws `InvalidInput`.
 */
export async function readInput(
  definition: SkillDefinition,
  body: Body,
  path: string | undefined,
  scratchDir: string,
): Promise<unknown> {
  const shape = inputShape(definition, body.type);
  if (shape === "file") {
    const value = { file: await fileInput(body, path, scratchDir) };
    checkInput(definition.input, value);
    return value;
  }
  if (shape === "form") return readFormInput(definition, body, path, scratchDir);
  const sizeBytes = bodySizeBytes(body);
  if (sizeBytes > limits.jsonBodyBytes) {
    throw new ErrandError(
      "InvalidInput",
      `input of ${sizeBytes} bytes is larger than ${limits.jsonBodyBytes}`,
      {
        hint: "Send it as a file to a skill that takes files, or in parts.",
      },
    );
  }
  const bytes = body.bytes ?? (await readFile(blobPath(path)));
  if (shape === "json") return readJson(definition, bytes);
  const value = { text: decodeText(bytes) };
  checkInput(definition.input, value);
  return value;
}

async function readFormInput(
  definition: SkillDefinition,
  body: Body,
  path: string | undefined,
  scratchDir: string,
): Promise<unknown> {
  const source = body.bytes === undefined ? { path: blobPath(path) } : { bytes: body.bytes };
  const { input, file } = await readForm(source, body.type, join(scratchDir, "form"));
  const given = input === undefined ? {} : parseJson(input.toString("utf8"));
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new ErrandError("InvalidInput", "input must be object");
  refuseNamedFile(definition, given);
  const value = file === undefined ? given : { ...given, file };
  checkInput(definition.input, value);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ErrandError("InvalidInput", "input is not JSON", {
      hint: cause instanceof Error ? cause.message.slice(0, 200) : "Check quotes and commas.",
      cause,
    });
  }
}

// `{ file }` means a file that the node itself put there. A peer that could write it in JSON would have this machine
// read any path.
function refuseNamedFile(definition: SkillDefinition, value: unknown): void {
  if (definition.inputModes === undefined || typeof value !== "object" || value === null) return;
  if (!Object.hasOwn(value, "file") || !definition.inputModes.some((mode) => mode !== "text/plain")) return;
  throw new ErrandError("InvalidInput", "input.file cannot be named in JSON", {
    hint: "Send the file's bytes themselves, with their media type.",
  });
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ErrandError("InvalidInput", "input is not UTF-8 text", { cause });
  }
}

function blobPath(path: string | undefined): string {
  if (path === undefined) throw new ErrandError("Internal", "a blob input came without its file");
  return path;
}

async function fileInput(body: Body, path: string | undefined, scratchDir: string): Promise<FileInput> {
  if (body.bytes === undefined) {
    const at = blobPath(path);
    return { path: at, sizeBytes: (await stat(at)).size, hash: body.blob.hash, type: body.type };
  }
  const at = join(scratchDir, "input");
  await mkdir(scratchDir, { recursive: true, mode: 0o700 });
  await writeFile(at, body.bytes, { flag: "wx" });
  const digest = createHash("sha256").update(body.bytes).digest("hex");
  return { path: at, sizeBytes: body.bytes.length, hash: digest, type: body.type };
}
