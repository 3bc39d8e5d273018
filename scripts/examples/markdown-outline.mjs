// The command behind markdown-outline.yaml: JSON in, JSON out, progress on standard error. Any language would do; this one
// needs nothing but node.
import { stdin, stdout, stderr } from "node:process";

let input = "";
stdin.setEncoding("utf8");
for await (const chunk of stdin) input += chunk;
const lines = JSON.parse(input).text.split(/\r?\n/);

const sections = [];
const links = new Set();
let fence = "";
for (const [index, line] of lines.entries()) {
  if (index > 0 && index % 10_000 === 0) {
    stderr.write(`${JSON.stringify({ progress: index / lines.length, message: `line ${index}` })}\n`);
  }
  // What stands between ``` or ~~~ is code: a # there is no heading.
  const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1] ?? "";
  if (fence !== "") {
    if (mark.startsWith(fence)) fence = "";
    continue;
  }
  if (mark !== "") {
    fence = mark;
    continue;
  }
  const heading = /^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$/.exec(line);
  if (heading !== null) {
    sections.push({ level: heading[1].length, title: heading[2], line: index + 1, words: 0 });
    continue;
  }
  const section = sections.at(-1);
  if (section !== undefined)
    section.words += line.split(/\s+/).filter((word) => /\p{L}|\p{N}/u.test(word)).length;
  for (const [, target] of line.matchAll(/\]\(\s*<?([^\s<>)]+)>?[^)]*\)/g)) links.add(target);
}

stdout.write(JSON.stringify({ sections, links: [...links] }));
