/** A language model behind one peer's endpoint, asked from another peer: streamed, cancelled, its key shown nowhere. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { startFakeOpenAi, type FakeOpenAi } from "../support/fake-openai.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const key = "sk-test-7f3a1c";
let model: FakeOpenAi;
afterAll(() => model?.close());

const story = useMesh(async (mesh) => {
  model = await startFakeOpenAi({ key });
  await writeFile(join(mesh.folder, "key"), `${key}\n`);
  const declare = async (name: string, preset: string): Promise<string> => {
    const file = join(mesh.folder, `${name}.yaml`);
    const http = { preset, url: model.url, model: "tiny", token: { file: "./key" } };
    await writeFile(file, JSON.stringify({ http }));
    return file;
  };
  const skills = [await declare("chat", "openai-chat"), await declare("embed", "openai-embeddings")];
  const worker = await mesh.start("worker", { skills, builtinSkills: [], logLevel: "trace" });
  const home = await mesh.start("home", { builtinSkills: [] });
  await mesh.joined(worker, home);
  return { worker, home };
});

describe("model.infer on another peer", () => {
  test("from the command line", async () => {
    const run = await story.home.cli(
      "run",
      "model.infer",
      "--set",
      "prompt=why is the sky blue",
      "-o",
      "json",
    ).done;
    expect(run.code, run.stderr).toBe(0);
    expect(run.json.output).toEqual({
      text: "you said: why is the sky blue",
      model: "tiny",
      finishReason: "stop",
      usage: { inputTokens: 3, outputTokens: 7 },
    });
  });

  test("the text so far is the task's progress; a cancel reaches the model", async () => {
    const { id } = await story.home.submit({ skill: "model.infer", input: { prompt: "hang" } });
    await until("the text is seen at home", async () => {
      const { progressMessage } = await story.home.task(id);
      return progressMessage?.includes("you said: hang");
    });
    await story.home.call("POST", `/v1/tasks/${id}/cancel`, { body: {} });
    expect(await story.home.ended(id)).toMatchObject({ status: "cancelled" });
    await model.aborted;
  });

  test("vectors", async () => {
    const { output } = await story.home.run({ skill: "model.embed", input: { texts: ["a", "bcd"] } });
    expect(output).toMatchObject({
      embeddings: [
        [1, 0],
        [3, 1],
      ],
    });
  });

  test("the key is nowhere to be seen", async () => {
    const shown = await Promise.all([
      story.worker.call("GET", "/v1/config"),
      story.worker.call("GET", "/v1/skills/model.infer"),
      story.home.call("GET", "/v1/skills/model.infer"),
      story.home.call("GET", "/v1/tasks"),
    ]);
    expect(JSON.stringify(shown)).not.toContain(key);
    expect(story.mesh.log()).not.toContain(key);
  });
});
