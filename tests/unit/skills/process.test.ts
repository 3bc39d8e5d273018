/** What a skill process may say, how one is declared, and what the helper for Python makes of a function. */
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { loadSkills } from "../../../src/skills/load.ts";
import { readMessage } from "../../../src/skills/process-messages.ts";
import { processSpec } from "../../../src/skills/process-spec.ts";
import { defaultSkillSettings } from "../../../src/skills/registry.ts";
import { createExecutors } from "../../../src/worker/executors/registry.ts";
import { hasPython } from "../../support/python.ts";

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "errand-process-spec-")));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function load(name: string, text: string) {
  await writeFile(join(folder, name), text);
  return loadSkills([name], { cwd: folder });
}

describe("a line of a process", () => {
  test.each<[string, object, object]>([
    ["hello", { type: "hello", protocol: 1, skills: [{}] }, { concurrency: 1 }],
    ["result", { type: "result", id: "1" }, { output: null }],
    [
      "result with usage",
      { type: "result", id: "1", usage: { cpuMs: 2, peakMemoryBytes: -1 } },
      { usage: { cpuMs: 2 } },
    ],
    ["result in a file", { type: "result", id: "1", outputFile: "/x" }, { outputFile: "/x" }],
    [
      "result that is a file",
      { type: "result", id: "1", file: { path: "x", type: "a/b" } },
      { file: { path: "x" } },
    ],
    ["error", { type: "error", id: "1" }, { code: "SkillFailed", message: expect.any(String) }],
    [
      "error that claims what is not its to say",
      { type: "error", id: "1", code: "QueueFull" },
      { code: "SkillFailed" },
    ],
    ["log", { type: "log", message: "x" }, { message: "x" }],
  ])("%s", (_, line, message) => expect(readMessage(JSON.stringify(line))).toMatchObject(message));

  test.each<[string, unknown, RegExp]>([
    ["no JSON", undefined, /no JSON/],
    ["a list", [], /no JSON object/],
    ["another protocol", { type: "hello", protocol: 2, skills: [{}] }, /this node speaks 1/],
    ["no skills", { type: "hello", protocol: 1, skills: [] }, /1 to 256 skills/],
    ["too many at once", { type: "hello", protocol: 1, skills: [{}], concurrency: 1e9 }, /concurrency/],
    ["a result of nothing", { type: "result" }, /without an id/],
    ["a file without a type", { type: "result", id: "1", file: { path: "x" } }, /media type/],
    [
      "a header in a type",
      { type: "result", id: "1", file: { path: "x", type: "a/b\r\nc: d" } },
      /media type/,
    ],
  ])("%s is refused", (_, line, why) => {
    expect(() => readMessage(line === undefined ? "hello" : JSON.stringify(line))).toThrow(why);
  });

  test("of a later version is left out", () => {
    expect(readMessage('{"type":"metrics","id":"1"}')).toBeUndefined();
  });

  test("whatever it is, it is a message, nothing, or refused with a sentence", () => {
    const type = fc.constantFrom("hello", "result", "error", "progress", "log", "x");
    const field = fc.constantFrom(
      "id",
      "message",
      "output",
      "outputFile",
      "file",
      "usage",
      "code",
      "skills",
      "protocol",
    );
    const line = fc
      .tuple(type, fc.dictionary(field, fc.jsonValue()))
      .map(([t, rest]) => JSON.stringify({ ...rest, type: t }));
    fc.assert(
      fc.property(fc.oneof(line, fc.json(), fc.string()), (text) => {
        try {
          const message = readMessage(text);
          if (message !== undefined && message.type !== "hello" && message.type !== "log")
            expect(typeof message.id).toBe("string");
        } catch (error) {
          expect((error as Error).message).not.toBe("");
          expect(error).toBeInstanceOf(Error);
          expect(error).not.toBeInstanceOf(TypeError);
        }
      }),
    );
  });
});

describe("a declared process", () => {
  test("has paths relative to its file", () => {
    const given = {
      command: ["./bin/x", "./y", "z"],
      memoryMb: 1,
      idleSeconds: 2,
      startSeconds: 3,
      processes: 4,
    };
    expect(processSpec(given, "/f")).toEqual({
      kind: "process",
      argv: ["/f/bin/x", "/f/y", "z"],
      cwd: "/f",
      processes: 4,
      memoryBytes: 1024 ** 2,
      idleMs: 2_000,
      startMs: 3_000,
    });
    expect(processSpec({ command: ["node"], cwd: "sub" }, "/f")).toMatchObject({
      argv: ["node"],
      cwd: "/f/sub",
    });
  });

  const hello = (skill: object): string =>
    `process: { command: [${JSON.stringify(process.execPath)}, -e, 'console.log(process.env.HELLO)'], env: { HELLO: '${JSON.stringify({ type: "hello", protocol: 1, skills: [skill] })}' } }`;
  const skill = { id: "my.x", version: "1.0.0", description: "d", input: true, output: true };

  test("says itself what it offers", async () => {
    expect(await load("a.yaml", hello(skill))).toMatchObject([
      { definition: skill, source: { kind: "process" } },
    ]);
  });

  test.each<[string, string, RegExp]>([
    ["more in its file", `${hello(skill)}\nid: my.y\n`, /it has the field "id" beside process/],
    ["no command", "process: {}", /process must have the property "command"/],
    ["an id that is none", hello({ ...skill, id: "No" }), /definition.id must be/],
    ["an example that does not fit", hello({ ...skill, input: false, examples: [1] }), /examples\[0\]/],
    ["cheap", hello({ ...skill, cheap: true }), /cannot be cheap/],
    [
      "a program that is not there",
      "process: { command: [/nonexistent/program] }",
      /there is no \/nonexistent/,
    ],
    [
      "a program that says nothing",
      `process: { command: [${JSON.stringify(process.execPath)}, -e, "1"] }`,
      /before its hello it ended with exit code 0/,
    ],
    [
      "one that keeps silent",
      `process: { command: [${JSON.stringify(process.execPath)}, -e, "setInterval(()=>{},1000)"], startSeconds: 0.2 }`,
      /no hello within 0.2 s/,
    ],
  ])("with %s is refused", async (_, text, why) => {
    await expect(load("b.yaml", text)).rejects.toMatchObject({
      code: "InvalidConfig",
      message: expect.stringMatching(why),
    });
  });
});

describe.skipIf(!hasPython)("a Python file", () => {
  test.each<[string, string, RegExp]>([
    ["that does not parse", "def x(:", /SyntaxError/],
    ["that lacks a package", "import not_installed_anywhere", /No module named 'not_installed_anywhere'/],
    ["without a skill", "x = 1", /no function is decorated with @skill/],
    [
      "whose types have no schema",
      "from errand_skill import skill\n@skill\ndef x(a: complex): pass",
      /complex/,
    ],
  ])("%s is refused with what Python says", async (_, text, why) => {
    await expect(load("c.py", text)).rejects.toMatchObject({
      code: "InvalidConfig",
      message: expect.stringMatching(why),
    });
  });

  const typed = `
import enum, pathlib
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Optional, TypedDict, Union
from errand_skill import skill

class Color(enum.Enum):
    RED = "red"

@dataclass
class Point:
    x: float
    y: float = 0.0
    names: list[str] = field(default_factory=list)

class Options(TypedDict, total=False):
    deep: bool

@skill(id="my.types", timeout=1.5, price=2)
def types(
    a: int, b: str, c: float, d: bool, e: list[int], f: dict[str, float], g: tuple[int, str], h: set[str],
    i: Literal["x", 1], j: Color, k: Point, l: Optional[int], m: Union[str, Point], n: Annotated[int, {"minimum": 3}, "how many"],
    o: Options, p: pathlib.Path, q: Any, r: "list[Point]", s: int = 7,
) -> dict:
    "All of them."
    return {
        "a": type(a).__name__, "c": type(c).__name__, "g": type(g).__name__, "h": type(h).__name__, "j": j.name, "k": k,
        "m": type(m).__name__, "p": p.name, "r": [type(one).__name__ for one in r], "s": s, "set": {"b", "a"}, "color": j,
    }

@skill
async def plain(input: list[int]) -> int:
    return sum(input)
`;

  test("has the schemas that its hints say, and gets values of those types", async () => {
    const [types, plain] = await load("types.py", typed);
    const { definition } = types ?? expect.unreachable("no skill");
    expect(definition).toMatchObject({
      id: "my.types",
      description: "All of them.",
      timeoutMs: 1_500,
      price: 2,
    });
    const point = {
      type: "object",
      properties: {
        x: { type: "number" },
        y: { type: "number" },
        names: { type: "array", items: { type: "string" } },
      },
      required: ["x"],
      additionalProperties: false,
    };
    const { properties, required } = definition.input as { properties: object; required: string[] };
    expect(required).not.toContain("s");
    expect(properties).toMatchObject({
      a: { type: "integer" },
      e: { type: "array", items: { type: "integer" } },
      f: { type: "object", additionalProperties: { type: "number" } },
      g: { prefixItems: [{ type: "integer" }, { type: "string" }], minItems: 2, maxItems: 2 },
      i: { enum: ["x", 1] },
      j: { enum: ["red"] },
      k: point,
      l: { anyOf: [{ type: "integer" }, { type: "null" }] },
      n: { type: "integer", minimum: 3, description: "how many" },
      o: { type: "object", properties: { deep: { type: "boolean" } } },
      p: { type: "string" },
      q: true,
      r: { type: "array", items: point },
      s: { type: "integer", default: 7 },
    });
    const executors = createExecutors({ settings: defaultSkillSettings, clock: systemClock, slots: 1 });
    const run = async (skill: typeof types, input: unknown): Promise<unknown> => {
      if (skill === undefined) return undefined;
      const executor = executors.find((one) => one.canExecute(skill));
      const made = await executor?.execute(
        { id: "t", skill, input: jsonBody(input), outputBytes: 10_000 },
        {
          signal: new AbortController().signal,
          deadline: Date.now() + 60_000,
          scratchDir: join(folder, "scratch"),
          progress: () => {},
          log: () => {},
        },
      );
      return JSON.parse(Buffer.from(made?.output.bytes ?? []).toString()) as unknown;
    };
    try {
      const k = { x: 1, names: ["n"] };
      const input = JSON.parse(
        `{"a":1,"b":"b","c":2,"d":true,"e":[1],"f":{"g":1},"g":[1,"s"],"h":["a"],"i":"x","j":"red","k":${JSON.stringify(k)},
          "l":null,"m":${JSON.stringify(k)},"n":3,"o":{},"p":"/tmp/file","q":[{}],"r":[${JSON.stringify(k)}]}`,
      ) as unknown;
      const { a, c, g, h, j, m, p, r, ...rest } = (await run(types, input)) as Record<string, unknown>;
      expect([a, c, g, h, j, m, p, r]).toEqual([
        "int",
        "float",
        "tuple",
        "set",
        "RED",
        "Point",
        "file",
        ["Point"],
      ]);
      expect(rest).toEqual({ k: { x: 1, y: 0, names: ["n"] }, s: 7, set: ["a", "b"], color: "red" });
      expect(plain?.definition.input).toEqual({ type: "array", items: { type: "integer" } });
      expect(await run(plain, [1, 2, 3])).toBe(6);
    } finally {
      for (const executor of executors) await executor.close();
    }
  });
});
