/** A skill as a module: TypeScript, whose types vanish when it runs, or JavaScript. */
import type { Template } from "./templates.ts";

function definition(id: string): string {
  return `{
    id: "${id}",
    version: "1.0.0", // semantic; raise the first number when input or output change
    description: "How many words a text has.",
    input: {
      type: "object",
      properties: { text: { type: "string", maxLength: 1_000_000 } },
      required: ["text"],
      additionalProperties: false,
    },
    output: {
      type: "object",
      properties: { words: { type: "integer" } },
      required: ["words"],
      additionalProperties: false,
    },
    examples: [{ text: "to be or not to be" }],
    inputModes: ["text/plain"], // takes files of text too: they arrive as { text }
    deterministic: true, // equal input, equal output
    idempotent: true, // running it twice does no harm
  }`;
}

const body = `    let words = 0;
    for (const word of text.split(/\\s+/)) {
      if (words % 10_000 === 0) {
        context.signal.throwIfAborted(); // cancelled, or the deadline has passed
        context.progress(0.5, \`\${words} words so far\`);
      }
      if (word !== "") words += 1;
    }
    return { words };`;

export function typescriptTemplate(id: string, name: string): Template {
  const main = `${name}.ts`;
  const text = `import type { Skill } from "errand"; // optional: types vanish when it runs

const skill: Skill<{ text: string }, { words: number }> = {
  definition: ${definition(id)},

  run({ text }, context) {
${body}
  },
};

export default skill;
`;
  return { main, files: { [main]: text } };
}

export function javascriptTemplate(id: string, name: string): Template {
  const main = `${name}.mjs`;
  const text = `export default {
  definition: ${definition(id)},

  run({ text }, context) {
${body}
  },
};
`;
  return { main, files: { [main]: text } };
}
