/** An endpoint that speaks OpenAI's dialect over real HTTP: streams an answer word by word, embeds texts by their lengths. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface FakeOpenAi {
  /** Ends in /v1. */
  readonly url: string;
  /** Bodies of all requests, in order. */
  readonly requests: Record<string, unknown>[];
  /** Resolves when a client has gone away in the middle of an answer. */
  readonly aborted: Promise<void>;
  close(): Promise<void>;
}

interface ChatRequest {
  model: string;
  messages: { role: string; content: string }[];
  stream?: boolean;
}

/** Prompts `hang` and `break` make it stop in the middle: for ever, or by closing the connection. */
export async function startFakeOpenAi({ key }: { key?: string } = {}): Promise<FakeOpenAi> {
  const requests: Record<string, unknown>[] = [];
  const gone = Promise.withResolvers<void>();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (status: number, message: string): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message, type: "error" } }));
    };
    if (key !== undefined && request.headers.authorization !== `Bearer ${key}`) {
      return refuse(401, `Incorrect API key provided: ${request.headers.authorization ?? "none"}`);
    }
    const body = (await json(request)) as ChatRequest & { input?: string[] };
    requests.push(body as unknown as Record<string, unknown>);
    if (request.url === "/v1/embeddings") {
      const data = (body.input ?? []).map((text, index) => ({ index, embedding: [text.length, index] }));
      response.writeHead(200, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ data: data.toReversed(), model: body.model, usage: { prompt_tokens: 7 } }),
      );
      return;
    }
    if (request.url !== "/v1/chat/completions") return refuse(404, "no such route");
    const said = body.messages.at(-1)?.content ?? "";
    if (said === "busy") return refuse(429, "too many requests");
    await chat(body, said, response, gone.resolve);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    aborted: gone.promise,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function chat(
  body: ChatRequest,
  said: string,
  response: ServerResponse,
  gone: () => void,
): Promise<void> {
  const words = `you said: ${said}`.split(/(?<= )/);
  const usage = { prompt_tokens: 3, completion_tokens: words.length };
  if (body.stream !== true) {
    response.writeHead(200, { "content-type": "application/json" });
    const choices = [{ message: { role: "assistant", content: words.join("") }, finish_reason: "stop" }];
    response.end(JSON.stringify({ model: body.model, choices, usage }));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.once("close", () => {
    if (!response.writableEnded) gone();
  });
  const event = (data: object): boolean =>
    response.write(`data: ${JSON.stringify({ model: body.model, ...data })}\n\n`);
  for (const word of words) event({ choices: [{ index: 0, delta: { content: word }, finish_reason: null }] });
  if (said === "hang") return;
  if (said === "break") return void response.destroy();
  event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
  event({ choices: [], usage });
  response.end("data: [DONE]\n\n");
}
