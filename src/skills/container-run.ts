/**
 * `container.run`: a command in a container of an image that the operator allows. The definition; the container executor runs it.
 * It is offered only where an engine bounds its containers (the sandbox tier T2) and the operator has named images.
 */
import type { OfferedSkill, SkillDefinition } from "./skill.ts";

export interface ContainerRunInput {
  image: string;
  command?: string[];
  env?: Record<string, string>;
  stdin?: string;
  workdir?: string;
  memoryMb?: number;
  cpus?: number;
  timeoutSeconds?: number;
  outputType?: string;
  file?: { path: string };
}

const definition: SkillDefinition = {
  id: "container.run",
  version: "1.0.0",
  name: "Run a container",
  description:
    "Runs a command in a container: no network, nothing to write to but /tmp. A file of the task is /in/file. Gives what it wrote, or, with outputType, standard output as a file.",
  tags: ["container", "sandbox"],
  input: {
    type: "object",
    properties: {
      image: { type: "string", pattern: "^[a-zA-Z0-9][a-zA-Z0-9._/:@-]{0,255}$" },
      command: {
        type: "array",
        items: { type: "string", maxLength: 65_536 },
        maxItems: 1_024,
        description: "Program and arguments, without a shell; the image's own when absent.",
      },
      env: {
        type: "object",
        maxProperties: 128,
        propertyNames: { pattern: "^[A-Za-z_][A-Za-z0-9_]*$" },
        additionalProperties: { type: "string", maxLength: 32_768 },
      },
      stdin: { type: "string", maxLength: 16 * 1024 * 1024 },
      workdir: { type: "string", pattern: "^/", maxLength: 1_024 },
      memoryMb: { type: "integer", minimum: 8, maximum: 8_192 },
      cpus: { type: "number", exclusiveMinimum: 0, maximum: 16 },
      timeoutSeconds: { type: "number", exclusiveMinimum: 0, maximum: 86_400 },
      outputType: {
        type: "string",
        pattern: "^[a-z0-9.+-]+/[a-z0-9.+-]+$",
        maxLength: 128,
        description: "Media type of standard output, which is then the task's output.",
      },
      file: { type: "object", description: "What a file sent along becomes." },
    },
    required: ["image"],
    additionalProperties: false,
  },
  output: {
    type: "object",
    properties: {
      exitCode: { type: "integer" },
      stdout: { type: "string" },
      stderr: { type: "string", description: "Its end, when it is long." },
    },
    required: ["exitCode", "stdout", "stderr"],
    additionalProperties: false,
  },
  examples: [{ image: "busybox", command: ["echo", "hello"] }],
  inputModes: ["multipart/form-data"],
};

export const containerRun: OfferedSkill = { definition, source: { kind: "container", submitted: true } };
