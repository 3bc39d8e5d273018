/**
 * Secrets of the operator's skills (API keys, tokens): named by where they are, read when they are needed, and in no card,
 * log, task or answer of the API.
 */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ErrandError } from "../core/errors.ts";

export type SecretSource = { env: string } | { file: string };

const only = (key: string, value: object): object => ({
  type: "object",
  required: [key],
  additionalProperties: false,
  properties: { [key]: value },
});

export const secretSchema = {
  anyOf: [
    only("env", { type: "string", pattern: "^[A-Za-z_][A-Za-z0-9_]*$" }),
    only("file", { type: "string", minLength: 1, maxLength: 4_096 }),
  ],
};

/** With its path relative to `folder` made absolute. */
export function secretIn(source: SecretSource, folder: string): SecretSource {
  return "file" in source ? { file: resolve(folder, source.file) } : source;
}

/** Throws `SkillFailed` that says where it was looked for, when it is not there. */
export async function readSecret(source: SecretSource): Promise<string> {
  const where = "env" in source ? `the environment variable ${source.env}` : source.file;
  const text =
    "env" in source ? process.env[source.env] : await readFile(source.file, "utf8").catch(() => undefined);
  const secret = text?.trim();
  if (secret !== undefined && secret !== "") return secret;
  throw new ErrandError("SkillFailed", "the key that this skill needs is not there", {
    retryable: false,
    hint: `The operator of the node that runs it keeps it in ${where}.`,
  });
}
