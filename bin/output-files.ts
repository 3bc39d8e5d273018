/** What the files are called into which a command writes outputs: after their inputs, with the ending of what is in them. */
import { basename, extname } from "node:path";

const endings: Readonly<Record<string, readonly string[]>> = {
  "application/json": [".json"],
  "image/avif": [".avif"],
  "image/gif": [".gif"],
  "image/jpeg": [".jpg", ".jpeg"],
  "image/png": [".png"],
  "image/webp": [".webp"],
  "text/csv": [".csv"],
  "text/plain": [".txt", ".md"],
};

/** `photo.jpg` stays so when the output is a JPEG, is `photo.jpg.webp` as WebP and `photo.jpg.json` as JSON. */
export function outputName(inputName: string, type: string): string {
  const essence = type.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const [usual = "", ...others] = endings[essence] ?? [".bin"];
  return [usual, ...others].includes(extname(inputName).toLowerCase()) && usual !== ".json"
    ? inputName
    : `${inputName}${usual}`;
}

/** A name for each file; a number in front of its ending where two are called alike. */
export function uniqueNames(files: readonly string[]): string[] {
  const used = new Set<string>();
  return files.map((file) => {
    const ending = extname(file);
    const stem = basename(file, ending);
    let name = `${stem}${ending}`;
    for (let n = 2; used.has(name); n++) name = `${stem}-${n}${ending}`;
    used.add(name);
    return name;
  });
}
