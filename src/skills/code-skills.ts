/**
 * The skills that run what their caller sends: expressions, scripts, WebAssembly modules, command lines. Definitions alone;
 * the executors of their kinds run them in a sandbox. Who may call them is the operator's to say; nobody else by default.
 */
import { askedLimitsSchema } from "./run-limits.ts";
import type { OfferedSkill, SkillDefinition } from "./skill.ts";

const text = { type: "string" };
/** Parsed by the node's own thread: what is larger goes as a file. */
const codeCharacters = 512 * 1024;
const code = { type: "string", minLength: 1, maxLength: codeCharacters };

const evalDefinition = (id: string, name: string, language: string, example: string): SkillDefinition => ({
  id,
  version: "1.0.0",
  name,
  description: `Evaluates one ${language} expression in a sandbox, with \`input\` as its variable, and returns its value as JSON.`,
  tags: ["code", "sandbox"],
  input: {
    type: "object",
    properties: { expression: code, input: true, limits: askedLimitsSchema },
    required: ["expression"],
    additionalProperties: false,
  },
  output: { type: "object", properties: { value: true }, required: ["value"], additionalProperties: false },
  examples: [{ expression: example, input: [3, 1, 2] }],
  idempotent: true,
});

const scriptRun: SkillDefinition = {
  id: "script.run",
  version: "1.0.0",
  name: "Run a script",
  description:
    "Runs JavaScript (`return` gives the value) or Python (the variable `result` does) in a sandbox, with `input`, `progress(fraction, message)` and what it prints.",
  tags: ["code", "sandbox"],
  input: {
    type: "object",
    properties: {
      language: { enum: ["javascript", "python"] },
      code,
      input: true,
      limits: askedLimitsSchema,
    },
    required: ["language", "code"],
    additionalProperties: false,
  },
  output: {
    type: "object",
    properties: { value: true, stdout: text, stderr: text },
    required: ["value", "stdout", "stderr"],
    additionalProperties: false,
  },
  examples: [
    { language: "javascript", code: "return input.reduce((a, b) => a + b, 0)", input: [1, 2, 3] },
    { language: "python", code: "result = sum(input)", input: [1, 2, 3] },
  ],
};

const streams = {
  exitCode: { type: "integer" },
  stdout: { type: "string", description: "When it is text in UTF-8." },
  stdoutBase64: { type: "string", description: "When it is anything else." },
  stderr: { type: "string", description: "Its last lines." },
};
const argv = { type: "array", items: { type: "string", maxLength: 16_384 }, maxItems: 256 };
const standardInput = {
  stdin: { type: "string", maxLength: 4 * 1024 * 1024 },
  stdinBase64: { type: "string", maxLength: 4 * 1024 * 1024 },
};

const wasmRun: SkillDefinition = {
  id: "wasm.run",
  version: "1.0.0",
  name: "Run a WebAssembly module",
  description:
    "Runs a WASI command module (preview 1) in a sandbox. The module comes as base64 with arguments and input, or as a file of type application/wasm.",
  tags: ["code", "sandbox", "wasm"],
  input: {
    type: "object",
    properties: {
      module: { type: "string", minLength: 1, description: "Base64." },
      file: { type: "object" },
      argv,
      ...standardInput,
      limits: askedLimitsSchema,
    },
    oneOf: [{ required: ["module"] }, { required: ["file"] }],
    additionalProperties: false,
  },
  output: {
    type: "object",
    properties: streams,
    required: ["exitCode", "stderr"],
    additionalProperties: false,
  },
  inputModes: ["application/wasm"],
};

const command: SkillDefinition = {
  id: "command",
  version: "1.0.0",
  name: "Run a command",
  description:
    "Runs a program from the operator's list with the given arguments and input, in a sandbox: no shell, no network, no files of the machine.",
  tags: ["code", "sandbox"],
  input: {
    type: "object",
    properties: {
      argv: { ...argv, minItems: 1 },
      ...standardInput,
      timeout: { type: "number", exclusiveMinimum: 0, maximum: 86_400, description: "Seconds." },
      limits: askedLimitsSchema,
    },
    required: ["argv"],
    additionalProperties: false,
  },
  output: {
    type: "object",
    properties: streams,
    required: ["exitCode", "stderr"],
    additionalProperties: false,
  },
  examples: [{ argv: ["/usr/bin/sort"], stdin: "b\na\n" }],
};

/** Those that tier T0 serves. */
export const codeSkills: readonly OfferedSkill[] = [
  {
    definition: evalDefinition("eval.js", "Evaluate JavaScript", "JavaScript", "Math.max(...input)"),
    source: { kind: "script", submitted: "expression", language: "javascript" },
  },
  {
    definition: evalDefinition("eval.python", "Evaluate Python", "Python", "sorted(input)"),
    source: { kind: "script", submitted: "expression", language: "python" },
  },
  { definition: scriptRun, source: { kind: "script", submitted: "program" } },
  { definition: wasmRun, source: { kind: "wasm" } },
];

/** Needs tier T1, and a list of programs. */
export const commandSkill: OfferedSkill = { definition: command, source: { kind: "argv" } };
