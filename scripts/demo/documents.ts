/** What is analysed: the folder of documents, and two larger files made from them for the way of large inputs. */
import { readdir, readFile } from "node:fs/promises";

export interface Document {
  name: string;
  text: string;
  bytes: Buffer;
}

const folder = new URL("./documents/", import.meta.url);

/** By name. What README.md says about them is no document. */
export async function readDocuments(): Promise<Document[]> {
  const names = (await readdir(folder)).filter((name) => name !== "README.md").toSorted();
  return Promise.all(
    names.map(async (name) => {
      const bytes = await readFile(new URL(name, folder));
      return { name, bytes, text: bytes.toString("utf8") };
    }),
  );
}

/** All documents one after the other, again and again, up to `sizeBytes`: too large for a message, so it goes as a blob. */
export function libraryOf(documents: readonly Document[], sizeBytes: number): Buffer {
  const once = Buffer.concat(documents.map(({ bytes }) => bytes));
  return Buffer.alloc(sizeBytes, once);
}
