/**
 * Standard output and error of a container out of the one connection of an attach: frames of one byte for the stream, three
 * of nothing, four for the length, and that many bytes (Docker Engine API, "Stream format").
 */
import type { Readable } from "node:stream";

const headerBytes = 8;

/** Calls back with each piece, in order, and waits for what the callback returns. Resolves at the end of the connection. */
export async function demultiplex(
  connection: Readable,
  take: (stream: "stdout" | "stderr", piece: Buffer) => Promise<void> | void,
): Promise<void> {
  let header = Buffer.alloc(0);
  let stream: "stdout" | "stderr" = "stdout";
  let left = 0;
  for await (const chunk of connection as AsyncIterable<Buffer>) {
    let at = 0;
    while (at < chunk.length) {
      if (left > 0) {
        const piece = chunk.subarray(at, at + left);
        at += piece.length;
        left -= piece.length;
        const taken = take(stream, piece);
        if (taken !== undefined) await taken;
        continue;
      }
      const part = chunk.subarray(at, at + headerBytes - header.length);
      at += part.length;
      header = Buffer.concat([header, part]);
      if (header.length < headerBytes) continue;
      stream = header[0] === 2 ? "stderr" : "stdout";
      left = header.readUInt32BE(4);
      header = Buffer.alloc(0);
    }
  }
}
