/**
 * `model.infer` and `model.embed`: what a task says to a language model behind any endpoint that speaks OpenAI's dialect (Ollama,
 * llama.cpp, vLLM, a provider), whichever the operator has. The definitions; model-run.ts does it.
 */
import type { HttpPreset } from "./http-spec.ts";
import type { SkillDefinition } from "./skill.ts";

const text = (description: string): object => ({ type: "string", maxLength: 1_000_000, description });

const usage = {
  type: "object",
  properties: {
    inputTokens: { type: "integer", minimum: 0 },
    outputTokens: { type: "integer", minimum: 0 },
  },
  additionalProperties: false,
};

export interface ChatInput {
  prompt?: string;
  text?: string;
  system?: string;
  messages?: { role: string; content: unknown }[];
  model?: string;
  maxTokens?: number;
  temperature?: number;
  topP?: number;
  seed?: number;
  stop?: string[];
  schema?: object;
}

export interface ChatOutput {
  text: string;
  model: string;
  finishReason?: string;
  usage?: { inputTokens: number; outputTokens: number };
}

const chat: SkillDefinition = {
  id: "model.infer",
  version: "1.0.0",
  name: "Ask a language model",
  description:
    "What a language model answers to a prompt or a conversation. The answer so far is the progress while it is written.",
  tags: ["model", "text"],
  input: {
    type: "object",
    properties: {
      prompt: text("What the user says."),
      text: text("What it is about, after the prompt: what a body of text becomes."),
      system: text("How the model is to behave."),
      messages: {
        type: "array",
        minItems: 1,
        maxItems: 1_000,
        items: {
          type: "object",
          properties: { role: { enum: ["system", "user", "assistant"] }, content: true },
          required: ["role", "content"],
          additionalProperties: false,
        },
        description: "A conversation so far, before the prompt.",
      },
      model: { type: "string", maxLength: 128, description: "One of those that the operator offers." },
      maxTokens: { type: "integer", minimum: 1, maximum: 1_000_000 },
      temperature: { type: "number", minimum: 0, maximum: 2 },
      topP: { type: "number", minimum: 0, maximum: 1 },
      seed: { type: "integer" },
      stop: { type: "array", items: { type: "string", maxLength: 256 }, maxItems: 4 },
      schema: {
        type: "object",
        description: "JSON Schema that the answer must meet, where the endpoint can.",
      },
    },
    anyOf: [{ required: ["prompt"] }, { required: ["text"] }, { required: ["messages"] }],
    additionalProperties: false,
  },
  output: {
    type: "object",
    properties: {
      text: { type: "string" },
      model: { type: "string" },
      finishReason: { type: "string" },
      usage,
    },
    required: ["text", "model"],
    additionalProperties: false,
  },
  examples: [{ prompt: "Why is the sky blue?", maxTokens: 200 }],
  inputModes: ["text/plain"],
  idempotent: true,
  timeoutMs: 600_000,
};

export interface EmbedInput {
  text?: string;
  texts?: string[];
  model?: string;
}

export interface EmbedOutput {
  embeddings: number[][];
  model: string;
  usage?: { inputTokens: number; outputTokens: number };
}

const embed: SkillDefinition = {
  id: "model.embed",
  version: "1.0.0",
  name: "Embed texts",
  description: "Vectors that a model makes of texts, in their order; vector.knn finds the nearest of them.",
  tags: ["model", "text", "vector"],
  input: {
    type: "object",
    properties: {
      text: text("One text."),
      texts: { type: "array", items: { type: "string", maxLength: 1_000_000 }, minItems: 1, maxItems: 2_048 },
      model: { type: "string", maxLength: 128 },
    },
    oneOf: [{ required: ["text"] }, { required: ["texts"] }],
    additionalProperties: false,
  },
  output: {
    type: "object",
    properties: {
      embeddings: { type: "array", items: { type: "array", items: { type: "number" } } },
      model: { type: "string" },
      usage,
    },
    required: ["embeddings", "model"],
    additionalProperties: false,
  },
  examples: [{ texts: ["one", "two"] }],
  inputModes: ["text/plain"],
  idempotent: true,
  timeoutMs: 600_000,
};

/** What a declaration with this preset need not say. */
export function presetDefinition(preset: HttpPreset): SkillDefinition {
  return preset === "openai-chat" ? chat : embed;
}
