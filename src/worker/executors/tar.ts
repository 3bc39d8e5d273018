/** Just enough of the ustar format (POSIX.1-1988) to hand an engine an image of a few files. */

export interface TarFile {
  /** Below 100 bytes, without a leading slash. Folders on the way are made by whoever unpacks it. */
  name: string;
  data: Uint8Array;
  mode: number;
}

const blockBytes = 512;

export function tar(files: readonly TarFile[]): Buffer {
  const parts = files.flatMap(({ name, data, mode }) => {
    const padding = Buffer.alloc((blockBytes - (data.length % blockBytes)) % blockBytes);
    return [header(name, data.length, mode), data, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

function header(name: string, sizeBytes: number, mode: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, digits: number): void => {
    block.write(`${value.toString(8).padStart(digits, "0")}\0`, at, "latin1");
  };
  block.write(name, 0, 100, "utf8");
  octal(mode, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(sizeBytes, 124, 11);
  octal(0, 136, 11);
  block.write("        ", 148, "latin1");
  block.write("0", 156, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
