/**
 * What the skills of the executor contract do, told by their input. One module for the executors that import code; it runs
 * in the node's thread and in worker threads.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Skill } from "../../../src/skills/skill.ts";

interface Act {
  act?: string;
  value?: unknown;
  bytes?: number;
  text?: string;
}

export const inputSchema = {
  type: "object",
  properties: {
    act: { type: "string" },
    value: true,
    bytes: { type: "integer", minimum: 0 },
    text: { type: "string" },
  },
  additionalProperties: false,
};

export const outputSchema = { type: "object", properties: { value: true }, additionalProperties: false };

const skill: Skill<Act> = {
  definition: {
    id: "contract.acts",
    version: "1.0.0",
    description: "Whatever the contract asks for.",
    input: inputSchema,
    output: outputSchema,
    inputModes: ["text/plain"],
  },
  run({ act, value, bytes = 0, text }, context) {
    switch (act ?? (text === undefined ? "value" : "text")) {
      case "value":
        return { value };
      case "text":
        return { value: text };
      case "throw":
        throw new Error("it broke");
      case "blame":
        throw Object.assign(new Error("your fault"), { code: "InvalidInput" });
      case "wrong":
        return { other: 1 };
      case "large":
        return { value: "x".repeat(bytes) };
      case "progress":
        context.progress(0.25, "a quarter");
        return { value: null };
      case "wait":
        context.progress(0, "waiting");
        return new Promise((_, reject) => {
          context.signal.addEventListener("abort", () => reject(context.signal.reason as Error), {
            once: true,
          });
        });
      case "ignore":
        context.progress(0, "ignoring");
        for (;;);
      case "spin": {
        const until = process.threadCpuUsage().user + 200_000;
        while (process.threadCpuUsage().user < until);
        return { value: null };
      }
      case "memory": {
        const kept: number[][] = [];
        for (;;) kept.push(Array.from({ length: 10_000 }, Math.random));
      }
      // falls through
      case "exit":
        process.exit(3);
      // falls through
      case "file": {
        writeFileSync(join(context.scratchDir, "out.bin"), Buffer.alloc(bytes, 7));
        return context.file("out.bin", "application/x-seven");
      }
      case "foreign-file":
        return context.file(String(value), "text/plain");
      case "fake-file":
        return { value: { $file: "/etc/hostname", type: "text/plain" } };
      default:
        throw new Error(`unknown act ${act}`);
    }
  },
};

export default skill;
