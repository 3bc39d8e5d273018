/** The data of Server-Sent Events as they come (WHATWG HTML, 9.2.6); names, ids and retry times are not looked at. */
import { ErrandError } from "../core/errors.ts";

/** One event of a model is a few hundred bytes. */
const longestEventCharacters = 1024 * 1024;

export async function* eventData(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let data: string[] = [];
  let sizeCharacters = 0;
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield data.join("\n");
        data = [];
        sizeCharacters = 0;
      } else if (line.startsWith("data:")) {
        const value = line.slice(line[5] === " " ? 6 : 5);
        data.push(value);
        sizeCharacters += line.length + 1;
      }
    }
    if (rest.length + sizeCharacters > longestEventCharacters)
      throw new ErrandError("LimitExceeded", "an event of the endpoint does not end");
  }
  // An event without its blank line at the end of the stream is incomplete, and not one.
}
