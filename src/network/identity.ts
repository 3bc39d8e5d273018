/**
 * The node's identity: one Ed25519 key, made at the first start and kept in the data folder. Its PeerId is what other
 * nodes trust, so a key that cannot be read is an error for a person to solve and never a reason to make another.
 */
import { chmod, link, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import { ErrandError } from "../core/errors.ts";
import { peerOfPublicKey, type PeerIdText } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { createSigner, verifySignature, type Signer } from "../core/signatures.ts";

export interface Identity {
  readonly peer: PeerIdText;
  /** For libp2p alone. */
  readonly privateKey: Ed25519PrivateKey;
  /** For every statement of our own: node's keys sign three times faster than libp2p's. */
  readonly signer: Signer;
}

const fileName = "identity.key";

/**
 * The identity of the data folder `dataDir`, made if there is none. The file holds libp2p's protobuf of the private key.
 * Throws `InvalidConfig` for a file that is not such a key, and leaves it alone.
 */
export async function loadIdentity(dataDir: string, log: Log): Promise<Identity> {
  const path = join(dataDir, fileName);
  const found = await readKeyFile(path, log);
  if (found !== undefined) return identityOf(found, path);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await writeNew(path, privateKeyToProtobuf(await generateKeyPair("Ed25519")));
  // Read back instead of kept: if two processes began at once, both end with the key that came first.
  const written = await readKeyFile(path, log);
  if (written === undefined) throw invalid(path, "vanished while it was being written");
  return identityOf(written, path);
}

/** An identity that no file holds, for tests and simulations. */
export async function temporaryIdentity(): Promise<Identity> {
  return identityOf(privateKeyToProtobuf(await generateKeyPair("Ed25519")), "a temporary identity");
}

async function readKeyFile(path: string, log: Log): Promise<Uint8Array | undefined> {
  try {
    const { mode, size } = await stat(path);
    // A protobuf of an Ed25519 key has 68 bytes; nothing near a kilobyte is one.
    if (size > 1_024) throw invalid(path, `has ${size} bytes`);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      await chmod(path, 0o600);
      log.warn({ path, mode: (mode & 0o777).toString(8) }, "identity key was readable by others; now 600");
    }
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (error instanceof ErrandError) throw error;
    throw new ErrandError("InvalidConfig", `cannot read the identity key ${path}`, {
      hint: "Make the file readable for the user that runs errand.",
      cause: error,
    });
  }
}

/** Complete and on disk, or not there: hard links do not replace what exists. */
async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    const folder = await open(join(path, ".."), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (cause) {
    throw new ErrandError("InvalidConfig", `cannot write the identity key ${path}`, {
      hint: "Check that the data folder exists, is writable and has space left.",
      cause,
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

function identityOf(protobuf: Uint8Array, path: string): Identity {
  let key;
  try {
    key = privateKeyFromProtobuf(protobuf);
  } catch (cause) {
    throw invalid(path, "does not hold a libp2p private key", cause);
  }
  if (key.type !== "Ed25519") throw invalid(path, `holds a key of type ${key.type}, not Ed25519`);
  const peer = peerOfPublicKey(key.publicKey.raw);
  const signer = createSigner(peer, key.raw.subarray(0, 32));
  // The public half is stored beside the seed: a damaged byte in either shows here, and not as a peer that nobody believes.
  const probe = Uint8Array.of(1);
  if (!verifySignature(peer, "errand/self-test", probe, signer.sign("errand/self-test", probe))) {
    throw invalid(path, "is damaged: its halves do not belong together");
  }
  return { peer, privateKey: key, signer };
}

function invalid(path: string, what: string, cause?: unknown): ErrandError {
  return new ErrandError("InvalidConfig", `the identity key ${path} ${what}`, {
    hint: "Restore it from a backup; or move it away, and the node starts with a new identity that no peer knows yet.",
    cause,
  });
}
