/** What `errand skill init` writes: for each language a skill that counts words, and its tests. */
import { commandTemplate } from "./command.ts";
import { javascriptTemplate, typescriptTemplate } from "./javascript.ts";
import { pythonTemplate } from "./python.ts";
import { wasmTemplate } from "./wasm.ts";

export interface Template {
  /** The file that `--skill` takes. */
  main: string;
  files: Record<string, string | Uint8Array>;
}

export const languages = ["ts", "js", "python", "command", "wasm"] as const;
export type Language = (typeof languages)[number];

const templates: Record<Language, (id: string, name: string) => Template> = {
  ts: typescriptTemplate,
  js: javascriptTemplate,
  python: pythonTemplate,
  command: commandTemplate,
  wasm: wasmTemplate,
};

/** `name` is the last word of `id`: what the files are called. */
export function templateFor(language: Language, id: string, name: string): Template {
  const { main, files } = templates[language](id, name);
  return { main, files: { ...files, [`${name}.test.yaml`]: tests } };
}

const tests = `# Run by \`errand skill test\`. Each test is an input and what is to come of it: \`output\` in full, \`like\` for some of it,
# or \`error\` for a code. \`text\` or \`file\` instead of \`input\` is sent as it is.
- name: counts words
  input: { text: to be or not to be }
  output: { words: 6 }
- name: counts none in nothing
  input: { text: "" }
  like: { words: 0 }
- name: refuses what is no text
  input: { text: 7 }
  error: InvalidInput
`;
