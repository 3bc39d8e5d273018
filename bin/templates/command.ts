/** A skill as a command in any language: JSON on standard input, JSON on standard output. */
import type { Template } from "./templates.ts";

/** The definition in YAML, for skills whose code cannot say it. */
export function yamlDefinition(id: string): string {
  return `id: ${id}
version: 1.0.0 # semantic; raise the first number when input or output change
description: How many words a text has.
inputModes: [text/plain] # takes files of text too: they arrive as { text }
deterministic: true # equal input, equal output
idempotent: true # running it twice does no harm
input:
  type: object
  properties: { text: { type: string, maxLength: 1000000 } }
  required: [text]
  additionalProperties: false
output:
  type: object
  properties: { words: { type: integer } }
  required: [words]
  additionalProperties: false
examples:
  - { text: to be or not to be }
`;
}

export function commandTemplate(id: string, name: string): Template {
  const main = `${name}.yaml`;
  const yaml = `command: [node, ./${name}.mjs] # any program; a list, no shell; ./ is relative to this file
timeoutMs: 60000
${yamlDefinition(id)}`;
  const code = `// One JSON document on standard input, one on standard output. On standard error, lines such as
// {"progress": 0.5, "message": "half"} are progress and all others are log. Exit code 0 means done.
import { stderr, stdin, stdout } from "node:process";

let text = "";
for await (const chunk of stdin.setEncoding("utf8")) text += chunk;
const input = JSON.parse(text);

stderr.write(\`\${JSON.stringify({ progress: 0.5, message: "counting" })}\\n\`);
const words = input.text.split(/\\s+/).filter((word) => word !== "").length;
stdout.write(JSON.stringify({ words }));
`;
  return { main, files: { [main]: yaml, [`${name}.mjs`]: code } };
}
