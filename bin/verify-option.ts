/** `--verify`: rules as people type them, put together into the policy that the API takes. */
import { readFile } from "node:fs/promises";
import { ErrandError } from "../src/core/errors.ts";
import type { VerifyPolicy } from "../src/node/node.ts";

export const verifyHelp =
  "check the result before it counts; repeatable: auto, off, replicas=N or Q/N, hash=SHA256, equals=JSON, schema=@FILE, range=/PATH:MIN..MAX, skill=ID, custom[=JSON], spot=SHARE, compare=exact|set|number:REL|text:SHARE|skill:ID, or JSON or @FILE of all";

/** Throws `InvalidInput` that says how it is written. */
export async function verifyPolicy(texts: readonly string[]): Promise<VerifyPolicy> {
  const policy: VerifyPolicy = {};
  for (const text of texts) {
    const part = await partOf(text);
    const range = [...(policy.range ?? []), ...(part.range ?? [])];
    Object.assign(policy, part, range.length === 0 ? {} : { range });
  }
  return policy;
}

async function partOf(text: string): Promise<VerifyPolicy> {
  if (text.startsWith("{") || text.startsWith("@")) return (await json(text, text)) as VerifyPolicy;
  const at = text.indexOf("=");
  const [rule, value] = at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  switch (rule) {
    case "auto":
      return { auto: true };
    case "off":
      return { auto: false };
    case "replicas": {
      const [, quorum, n] =
        /^(?:(\d)\/)?(\d)$/.exec(value) ?? wrong(text, "replicas=3, or replicas=2/3 for two of three");
      return { replicas: { n: Number(n), ...(quorum !== undefined && { quorum: Number(quorum) }) } };
    }
    case "hash":
      return { hash: value.toLowerCase() };
    case "equals":
      return { equals: await json(value, text) };
    case "schema":
      return { schema: (await json(value, text)) as Record<string, unknown> };
    case "range": {
      const [, pointer = "", min = "", max = ""] =
        /^(.*):([-+.\de]*?)\.\.([-+.\de]*)$/.exec(value) ??
        wrong(text, "range=/score:0..1, or range=/score:0.. for at least 0");
      const bounds = {
        ...(min !== "" && { min: number(min, text) }),
        ...(max !== "" && { max: number(max, text) }),
      };
      return { range: [{ pointer, ...bounds }] };
    }
    case "skill":
      return { custom: { skill: value } };
    case "custom":
      return { custom: value === "" ? {} : { args: await json(value, text) } };
    case "spot":
      return { spotCheck: number(value, text) };
    case "compare":
      return { compare: comparator(value, text) };
    default:
      return wrong(text, verifyHelp.slice(verifyHelp.indexOf(":") + 2));
  }
}

function comparator(value: string, text: string): NonNullable<VerifyPolicy["compare"]> {
  const at = value.indexOf(":");
  const [kind, detail] = at < 0 ? [value, ""] : [value.slice(0, at), value.slice(at + 1)];
  if (kind === "exact" || kind === "set") return { kind };
  if (kind === "number") return { kind, rel: detail === "" ? 1e-9 : number(detail, text) };
  if (kind === "text") return { kind, atLeast: detail === "" ? 0.8 : number(detail, text) };
  if (kind === "skill" && detail !== "") return { kind, skill: detail };
  return wrong(text, "compare=exact, compare=set, compare=number:1e-6, compare=text:0.8 or compare=skill:ID");
}

function number(value: string, text: string): number {
  const found = Number(value);
  return value === "" || !Number.isFinite(found) ? wrong(text, "a number after it") : found;
}

/** JSON, or that of a file. */
async function json(value: string, text: string): Promise<unknown> {
  try {
    return JSON.parse(value.startsWith("@") ? await readFile(value.slice(1), "utf8") : value) as unknown;
  } catch (cause) {
    throw new ErrandError("InvalidInput", `--verify ${text.slice(0, 64)}: ${(cause as Error).message}`, {
      hint: "Give JSON, or @FILE that has it.",
      cause,
    });
  }
}

function wrong(text: string, hint: string): never {
  throw new ErrandError("InvalidInput", `--verify ${text.slice(0, 64)} is not understood`, {
    hint: `Write ${hint}.`,
  });
}
