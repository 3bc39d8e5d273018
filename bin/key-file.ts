/** The PeerId out of the identity file, without libp2p: the file is libp2p's protobuf of an Ed25519 key. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ErrandError } from "../src/core/errors.ts";
import { peerOfPublicKey } from "../src/core/ids.ts";

export interface KeyFile {
  path: string;
  peerId: string;
  /** Permission bits. */
  mode: number;
}

// PrivateKey { Type: Ed25519 (1), Data: 64 bytes }: the seed, then the public key.
const prefix = Buffer.from("08011240", "hex");

/** Undefined before the first start. Throws `InvalidConfig` for a file that holds no such key. */
export async function readKeyFile(dataDir: string): Promise<KeyFile | undefined> {
  const path = join(dataDir, "identity.key");
  try {
    const { mode } = await stat(path);
    const bytes = await readFile(path);
    if (bytes.length !== prefix.length + 64 || !bytes.subarray(0, prefix.length).equals(prefix)) {
      throw new ErrandError("InvalidConfig", `${path} holds no Ed25519 key`, {
        hint: "Restore it from a backup; without it the node needs a new identity.",
      });
    }
    return { path, peerId: peerOfPublicKey(bytes.subarray(prefix.length + 32)), mode: mode & 0o777 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (error instanceof ErrandError) throw error;
    throw new ErrandError("InvalidConfig", `cannot read ${path}`, {
      hint: "Run the command as the user that runs the node.",
      cause: error,
    });
  }
}
