/**
 * How an operator declares an MCP server whose tools become skills: the shape of `mcp:` in a YAML file. A server over stdio
 * is the operator's own code; one at a URL may be anywhere that the operator says.
 */
import { isAbsolute, resolve } from "node:path";
import { secretIn, secretSchema, type SecretSource } from "./secret.ts";
import type { JsonSchema } from "./skill.ts";

export interface McpServerSpec {
  /** The second word of its skills' ids: `mcp.NAME.TOOL`. */
  name: string;
  /** How it is reached: started here and spoken to over its standard input and output, or over streamable HTTP. */
  via:
    | {
        kind: "stdio";
        argv: string[];
        cwd?: string;
        env: Record<string, string>;
        passEnv: string[];
        /** Of the server with all that it started; beyond it it is ended, and started again. */
        memoryBytes?: number;
      }
    | { kind: "http"; url: string; headers: Record<string, string>; token?: SecretSource };
  /** Only these tools; all of them when absent. */
  tools?: string[];
}

const text = { type: "string", minLength: 1, maxLength: 4_096 };
const texts = { type: "array", items: text, maxItems: 256 };
const stringMap = { type: "object", maxProperties: 128, additionalProperties: { type: "string" } };

export const mcpSchema: JsonSchema = {
  type: "object",
  required: ["name"],
  oneOf: [{ required: ["command"] }, { required: ["url"] }],
  additionalProperties: false,
  properties: {
    name: { type: "string", pattern: "^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$" },
    command: { oneOf: [text, { ...texts, minItems: 1 }] },
    args: texts,
    cwd: text,
    env: stringMap,
    passEnv: { type: "array", items: { type: "string", pattern: "^[A-Za-z_][A-Za-z0-9_]*$" }, maxItems: 64 },
    memoryMb: { type: "number", exclusiveMinimum: 0 },
    url: { type: "string", pattern: "^https?://", maxLength: 2_048 },
    headers: stringMap,
    token: secretSchema,
    tools: { type: "array", items: { type: "string", minLength: 1, maxLength: 128 }, maxItems: 256 },
  },
};

interface Declared {
  name: string;
  command?: string | string[];
  args?: string[];
  cwd?: string;
  env?: Record<string, string>;
  passEnv?: string[];
  memoryMb?: number;
  url?: string;
  headers?: Record<string, string>;
  token?: SecretSource;
  tools?: string[];
}

/** `value` meets `mcpSchema`. Relative paths are relative to `folder`. */
export function mcpServerSpec(value: unknown, folder: string): McpServerSpec {
  const {
    name,
    command,
    args = [],
    cwd,
    env = {},
    passEnv = [],
    memoryMb,
    url,
    headers = {},
    ...more
  } = value as Declared;
  const tools = more.tools === undefined ? {} : { tools: more.tools };
  if (url !== undefined) {
    const token = more.token === undefined ? {} : { token: secretIn(more.token, folder) };
    return { name, via: { kind: "http", url, headers, ...token }, ...tools };
  }
  const argv = [...(typeof command === "string" ? [command] : (command ?? [])), ...args].map((arg, index) =>
    /^\.{1,2}\//.test(arg) || (index === 0 && arg.includes("/")) ? resolve(folder, arg) : arg,
  );
  const where = cwd === undefined ? {} : { cwd: isAbsolute(cwd) ? cwd : resolve(folder, cwd) };
  const bound = memoryMb === undefined ? {} : { memoryBytes: memoryMb * 1024 ** 2 };
  return { name, via: { kind: "stdio", argv, ...where, env, passEnv, ...bound }, ...tools };
}
