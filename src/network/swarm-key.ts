/**
 * The pre-shared key of a private network, in the file format that libp2p implementations share: three lines,
 * `/key/swarm/psk/1.0.0/`, `/base16/`, and 64 hexadecimal digits. Never logged.
 */
import { readFile } from "node:fs/promises";
import { ErrandError } from "../core/errors.ts";

const hint =
  "The file has three lines: /key/swarm/psk/1.0.0/, /base16/, and 64 hexadecimal digits, the same on every node.";

/** The file's bytes as libp2p takes them. Throws `InvalidConfig`. */
export async function readSwarmKey(path: string): Promise<Uint8Array> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new ErrandError("InvalidConfig", `cannot read the swarm key ${path}`, { hint, cause });
  }
  return checkSwarmKey(text, path);
}

export function checkSwarmKey(text: string, where: string): Uint8Array {
  const [tag, encoding, key, ...rest] = text.trim().split(/\s*\r?\n\s*/);
  if (tag !== "/key/swarm/psk/1.0.0/" || encoding !== "/base16/" || rest.length > 0) {
    throw new ErrandError("InvalidConfig", `${where} is not a swarm key file`, { hint });
  }
  if (key === undefined || !/^[0-9a-fA-F]{64}$/.test(key)) {
    throw new ErrandError("InvalidConfig", `the key in ${where} is not 64 hexadecimal digits`, { hint });
  }
  return Buffer.from(`${tag}\n${encoding}\n${key.toLowerCase()}`);
}
