/**
 * The two presets of http-spec.ts: chat, streamed, with the text so far as progress, and embeddings. What a task may choose
 * (the model, lengths, temperature) is bounded by the operator's declaration; everything else of the request is made here.
 */
import { ErrandError } from "../core/errors.ts";
import { safeMessage } from "../core/limits.ts";
import { readBounded, requestError, responseTooLarge } from "./http-response.ts";
import { defaultResponseBytes, type Send } from "./http-send.ts";
import type { HttpPresetSpec } from "./http-spec.ts";
import type { ChatInput, ChatOutput, EmbedInput, EmbedOutput } from "./model-infer.ts";
import { eventData } from "./server-sent-events.ts";
import type { SkillContext } from "./skill.ts";

interface Usage {
  prompt_tokens?: number;
  completion_tokens?: number;
}

interface ChatPart {
  model?: string;
  choices?: {
    delta?: { content?: string | null };
    message?: { content?: string | null };
    finish_reason?: string | null;
  }[];
  usage?: Usage | null;
  error?: { message?: string } | string;
}

/** Of the text so far, its end: a message of progress holds 512 bytes, and the newest replaces those before it. */
const shownCharacters = 160;

export async function runChat(
  spec: HttpPresetSpec,
  given: unknown,
  context: SkillContext,
  send: Send,
): Promise<ChatOutput> {
  const input = given as ChatInput;
  const model = chosenModel(spec, input.model);
  const maxTokens = Math.min(input.maxTokens ?? Infinity, spec.maxTokens ?? Infinity);
  const body = {
    model,
    messages: messagesOf(input),
    stream: true,
    stream_options: { include_usage: true },
    ...(Number.isFinite(maxTokens) && { max_tokens: maxTokens }),
    ...(input.temperature !== undefined && { temperature: input.temperature }),
    ...(input.topP !== undefined && { top_p: input.topP }),
    ...(input.seed !== undefined && { seed: input.seed }),
    ...(input.stop !== undefined && { stop: input.stop }),
    ...(input.schema !== undefined && {
      response_format: { type: "json_schema", json_schema: { name: "answer", schema: input.schema } },
    }),
  };
  const response = await post(spec, "chat/completions", body, context, send);
  const answer = createAnswer(model, spec.maxBytes ?? defaultResponseBytes, (text, pieces) => {
    // A piece is about a token. Without a bound nobody knows how many will come.
    const fraction = Number.isFinite(maxTokens) ? pieces / maxTokens : pieces / (pieces + 200);
    context.progress(Math.min(fraction, 0.99), text.slice(-shownCharacters));
  });
  try {
    const streams = (response.headers.get("content-type") ?? "").includes("text/event-stream");
    if (!streams) {
      const bytes = await readBounded(response, spec.maxBytes ?? defaultResponseBytes);
      answer.add(parsePart(bytes.toString("utf8")));
      return answer.done();
    }
    for await (const data of eventData((response.body ?? []) as AsyncIterable<Uint8Array>)) {
      if (data === "[DONE]") return answer.done();
      answer.add(parsePart(data));
    }
    return answer.done();
  } catch (error) {
    throw context.signal.aborted ? context.signal.reason : requestError(error, new URL(spec.url).host);
  }
}

function messagesOf({ system, messages = [], prompt, text }: ChatInput): object[] {
  const said = [prompt, text].filter((part) => part !== undefined).join("\n\n");
  return [
    ...(system === undefined ? [] : [{ role: "system", content: system }]),
    ...messages,
    ...(said === "" ? [] : [{ role: "user", content: said }]),
  ];
}

/** Puts the pieces of an answer together. */
function createAnswer(asked: string, maxBytes: number, onText: (text: string, pieces: number) => void) {
  let text = "";
  let model = asked;
  let finishReason: string | undefined;
  let usage: Usage | undefined;
  let pieces = 0;
  return {
    add(part: ChatPart): void {
      if (part.error !== undefined) {
        const why = typeof part.error === "string" ? part.error : part.error.message;
        throw new ErrandError(
          "SkillFailed",
          safeMessage(`the model: ${why ?? "an error without a message"}`),
        );
      }
      model = part.model ?? model;
      usage = part.usage ?? usage;
      const choice = part.choices?.[0];
      finishReason = choice?.finish_reason ?? finishReason;
      const piece = choice?.delta?.content ?? choice?.message?.content;
      if (typeof piece !== "string" || piece === "") return;
      text += piece;
      pieces += 1;
      if (text.length > maxBytes) throw responseTooLarge(maxBytes);
      onText(text, pieces);
    },
    done(): ChatOutput {
      // An answer that just stops is a broken connection, not a short answer.
      if (finishReason === undefined)
        throw new ErrandError("SkillFailed", "the model's answer broke off", { retryable: true });
      return { text, model, finishReason, ...(usage != null && { usage: tokens(usage) }) };
    },
  };
}

export async function runEmbeddings(
  spec: HttpPresetSpec,
  given: unknown,
  context: SkillContext,
  send: Send,
): Promise<EmbedOutput> {
  const { text, texts = [text as string], model: wanted } = given as EmbedInput;
  const model = chosenModel(spec, wanted);
  const response = await post(spec, "embeddings", { model, input: texts }, context, send);
  const bytes = await readBounded(response, spec.maxBytes ?? 4 * defaultResponseBytes).catch(
    (error: unknown) => {
      throw context.signal.aborted ? context.signal.reason : requestError(error, new URL(spec.url).host);
    },
  );
  const answer = parsePart(bytes.toString("utf8")) as ChatPart & {
    data?: { index?: number; embedding?: number[] }[];
  };
  const embeddings: number[][] = [];
  for (const [i, { index = i, embedding }] of (answer.data ?? []).entries()) {
    if (Number.isInteger(index) && index >= 0 && index < texts.length && Array.isArray(embedding))
      embeddings[index] = embedding;
  }
  if (Object.keys(embeddings).length !== texts.length)
    throw new ErrandError("SkillFailed", `${texts.length} texts, ${embeddings.length} vectors`);
  return {
    embeddings,
    model: answer.model ?? model,
    ...(answer.usage != null && { usage: tokens(answer.usage) }),
  };
}

function post(spec: HttpPresetSpec, path: string, body: object, context: SkillContext, send: Send) {
  const url = new URL(`${spec.url.replace(/\/+$/, "")}/${path}`);
  const headers = { ...spec.headers, "content-type": "application/json" };
  return send(url, { method: "POST", headers, body: JSON.stringify(body) }, context.signal);
}

function chosenModel({ model, models = [] }: HttpPresetSpec, wanted: string | undefined): string {
  const chosen = wanted ?? model;
  if (chosen === undefined)
    throw new ErrandError("InvalidInput", 'input must have the property "model"', {
      hint:
        models.length > 0 ? `Offered are ${models.slice(0, 10).join(", ")}.` : "The operator has named none.",
    });
  if (chosen === model || models.includes(chosen) || models.includes("*")) return chosen;
  throw new ErrandError("InvalidInput", `the model "${chosen.slice(0, 64)}" is not offered here`, {
    hint: `Offered are ${[...(model === undefined ? [] : [model]), ...models].slice(0, 10).join(", ") || "none"}.`,
  });
}

function parsePart(text: string): ChatPart {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Told below.
  }
  throw new ErrandError("SkillFailed", "the endpoint speaks another language than OpenAI's", {
    retryable: false,
    hint: "Its url usually ends in /v1.",
  });
}

function tokens({ prompt_tokens = 0, completion_tokens = 0 }: Usage): NonNullable<ChatOutput["usage"]> {
  return { inputTokens: prompt_tokens, outputTokens: completion_tokens };
}
