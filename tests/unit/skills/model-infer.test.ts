import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { httpSkill } from "../../../src/skills/http-skill.ts";
import type { HttpPresetSpec } from "../../../src/skills/http-spec.ts";
import { presetDefinition, type ChatOutput } from "../../../src/skills/model-infer.ts";
import { problemWith } from "../../../src/skills/schema.ts";
import type { SkillContext } from "../../../src/skills/skill.ts";
import { startFakeOpenAi, type FakeOpenAi } from "../../support/fake-openai.ts";
import { runSkill } from "./run-skill.ts";

let model: FakeOpenAi;
beforeEach(async () => {
  process.env["ERRAND_TEST_KEY"] = "sesame";
  model = await startFakeOpenAi({ key: "sesame" });
});
afterEach(() => {
  delete process.env["ERRAND_TEST_KEY"];
  return model.close();
});

async function ask(input: object, more: Partial<HttpPresetSpec> = {}, parts: Partial<SkillContext> = {}) {
  const spec: HttpPresetSpec = {
    preset: "openai-chat",
    url: model.url,
    model: "tiny",
    token: { env: "ERRAND_TEST_KEY" },
    ...more,
  };
  const definition = presetDefinition(spec.preset);
  expect(problemWith(definition.input, input, "input")).toBeUndefined();
  const output = await runSkill(httpSkill(definition, spec, []), input, parts);
  expect(problemWith(definition.output, output, "output")).toBeUndefined();
  return output;
}

describe("model.infer", () => {
  test("streams: the text so far is the progress, the whole text the output, with its tokens", async () => {
    const seen: [number, string][] = [];
    const progress = (fraction: number, message = ""): void => void seen.push([fraction, message]);
    const prompt = "one two three";
    const output = await ask({ prompt, system: "be brief", maxTokens: 10 }, {}, { progress });
    expect(output).toEqual({
      text: "you said: one two three",
      model: "tiny",
      finishReason: "stop",
      usage: { inputTokens: 3, outputTokens: 5 },
    });
    expect(seen.map(([, message]) => message)).toEqual([
      "you ",
      "you said: ",
      "you said: one ",
      "you said: one two ",
      "you said: one two three",
    ]);
    expect(seen.map(([fraction]) => fraction)).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
    expect(model.requests[0]).toMatchObject({
      stream: true,
      max_tokens: 10,
      messages: [
        { role: "system", content: "be brief" },
        { role: "user", content: prompt },
      ],
    });
  });

  test("a conversation, and a text after the prompt", async () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "assistant", content: "b" },
    ];
    const output = (await ask({ messages, prompt: "sum up:", text: "long" })) as ChatOutput;
    expect(output.text).toBe("you said: sum up:\n\nlong");
    expect(model.requests[0]?.["messages"]).toHaveLength(3);
  });

  test("only models that the operator offers", async () => {
    await expect(ask({ prompt: "x", model: "huge" })).rejects.toMatchObject({ code: "InvalidInput" });
    await ask({ prompt: "x", model: "huge" }, { models: ["huge"] });
    await ask({ prompt: "x", model: "any" }, { models: ["*"] });
    expect(model.requests.map((request) => request["model"])).toEqual(["huge", "any"]);
  });

  test("the operator's bound on tokens holds", async () => {
    await ask({ prompt: "x", maxTokens: 10_000 }, { maxTokens: 50 });
    await ask({ prompt: "x" }, { maxTokens: 60 });
    expect(model.requests.map((request) => request["max_tokens"])).toEqual([50, 60]);
  });

  test("an answer that breaks off is no answer", async () => {
    await expect(ask({ prompt: "break" })).rejects.toMatchObject({ code: "SkillFailed", retryable: true });
  });

  test("a cancel ends the request at the model too", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const running = ask({ prompt: "hang" }, {}, { signal: stop.signal, progress: () => stop.abort(reason) });
    await expect(running).rejects.toBe(reason);
    await model.aborted;
  });

  test("a refusal is told without the key; a busy endpoint is worth another try", async () => {
    process.env["ERRAND_TEST_KEY"] = "wrong-key";
    const refused = ask({ prompt: "x" });
    await expect(refused).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining("401"),
    });
    await expect(refused).rejects.not.toThrow("wrong-key");
    process.env["ERRAND_TEST_KEY"] = "sesame";
    await expect(ask({ prompt: "busy" })).rejects.toMatchObject({ retryable: true });
  });
});

test("model.embed gives the vectors in the order of the texts", async () => {
  const output = await ask({ texts: ["a", "bcd"] }, { preset: "openai-embeddings" });
  expect(output).toEqual({
    embeddings: [
      [1, 0],
      [3, 1],
    ],
    model: "tiny",
    usage: { inputTokens: 7, outputTokens: 0 },
  });
});
