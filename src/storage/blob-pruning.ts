/** Removing what nobody needs from the blob store's folder. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isBlobHash, type BlobHash } from "../core/body.ts";
import { partialDir } from "./blob-files.ts";

export interface PruneOptions {
  /** Whether a task, or whatever else, still names the blob. */
  keep: (hash: BlobHash) => boolean;
  /** Younger ones stay whatever `keep` says: what names them may be on its way to the disk. */
  olderThanMs: number;
}

export interface Pruned {
  /** Blobs and parts removed. */
  files: number;
  bytes: number;
}

/** `now`: ms since the epoch. `busy`: hashes that are being received. */
export async function pruneBlobs(
  dir: string,
  now: number,
  { keep, olderThanMs }: PruneOptions,
  busy: (hash: BlobHash) => boolean,
): Promise<Pruned> {
  const pruned: Pruned = { files: 0, bytes: 0 };
  const remove = async (path: string, wanted: () => boolean): Promise<void> => {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || now - found.mtimeMs < olderThanMs || wanted()) return;
    await rm(path, { force: true });
    pruned.files += 1;
    pruned.bytes += found.size;
  };
  for (const shard of await readdir(dir)) {
    if (!/^[0-9a-f]{2}$/.test(shard)) continue;
    for (const name of await readdir(join(dir, shard))) {
      if (isBlobHash(name)) await remove(join(dir, shard, name), () => keep(name));
    }
  }
  // A part has the time of its last byte. Puts under way are young, and so are spared.
  for (const name of await readdir(partialDir(dir))) {
    await remove(join(partialDir(dir), name), () => busy(name.replace(/\.part$/, "")));
  }
  return pruned;
}
