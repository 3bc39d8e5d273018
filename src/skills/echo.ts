/** `echo`: its input, unchanged. For trying a connection, and for measuring what delegation itself costs. */
import type { Skill } from "./skill.ts";

export const echo: Skill<unknown> = {
  definition: {
    id: "echo",
    version: "1.0.0",
    name: "Echo",
    description: "Returns its input unchanged.",
    tags: ["diagnostics"],
    input: true,
    output: true,
    examples: [{ hello: "world" }, "hello"],
    deterministic: true,
    idempotent: true,
    cheap: true,
  },
  run: (input) => input,
};
