/**
 * The files of a WASI guest: all in memory, with a bound on bytes and entries over the whole tree. The shim's own classes
 * have none, so a guest could fill the host's memory through them; they are extended because that is how the shim is made.
 */
import { Directory, File, Inode, OpenFile, PreopenDirectory, wasi } from "@bjorn3/browser_wasi_shim";

/** Shared by all files of one guest. */
interface Quota {
  leftBytes: number;
  leftEntries: number;
}

/** More than an archive unpacks to; what each costs the host is some hundred bytes. */
const entries = 10_000;

class BoundedOpenFile extends OpenFile {
  readonly #bounded: BoundedFile;
  constructor(file: BoundedFile) {
    super(file);
    this.#bounded = file;
  }
  override fd_allocate(offset: bigint, length: bigint): number {
    const refused = this.#bounded.reserve(offset + length);
    return refused === undefined ? super.fd_allocate(offset, length) : refused;
  }
  override fd_filestat_set_size(size: bigint): number {
    const refused = this.#bounded.reserve(size);
    return refused === undefined ? super.fd_filestat_set_size(size) : refused;
  }
  override fd_write(data: Uint8Array): { ret: number; nwritten: number } {
    const end = this.file_pos + BigInt(data.length);
    const refused = this.#bounded.reserve(end);
    if (refused !== undefined) return { ret: refused, nwritten: 0 };
    this.#bounded.grow(end);
    return super.fd_write(data);
  }
  override fd_pwrite(data: Uint8Array, offset: bigint): { ret: number; nwritten: number } {
    const end = offset + BigInt(data.length);
    const refused = this.#bounded.reserve(end);
    if (refused !== undefined) return { ret: refused, nwritten: 0 };
    this.#bounded.grow(end);
    return super.fd_pwrite(data, offset);
  }
}

class BoundedFile extends File {
  readonly #quota: Quota;
  #reserved = 0;
  constructor(quota: Quota, data: Uint8Array = new Uint8Array(), readonly = false) {
    super(new Uint8Array(), { readonly });
    // As it is: the constructor above would copy it.
    this.data = data;
    this.#quota = quota;
  }
  /** Takes what the file grows by from the quota; space once taken stays taken. An errno when there is not enough. */
  reserve(size: bigint): number | undefined {
    if (this.readonly) return wasi.ERRNO_BADF;
    if (size < 0n) return wasi.ERRNO_INVAL;
    const more = Number(size) - this.#reserved;
    if (more <= 0) return undefined;
    if (more > this.#quota.leftBytes) return wasi.ERRNO_NOSPC;
    this.#quota.leftBytes -= more;
    this.#reserved += more;
    return undefined;
  }
  /** Grows by doubling: the shim copies the whole file with every write that lengthens it. */
  grow(end: bigint): void {
    const size = Number(end);
    if (size <= this.data.length) return;
    let { buffer } = this.data;
    if (size > buffer.byteLength) {
      const bigger = new Uint8Array(Math.max(size, 2 * buffer.byteLength));
      bigger.set(this.data);
      ({ buffer } = bigger);
    }
    this.data = new Uint8Array(buffer, 0, size);
  }
  override path_open(oflags: number, rights: bigint, fdFlags: number) {
    const opened = super.path_open(oflags, rights, fdFlags);
    if (opened.fd_obj === null) return opened;
    const file = new BoundedOpenFile(this);
    if ((fdFlags & wasi.FDFLAGS_APPEND) !== 0) file.fd_seek(0n, wasi.WHENCE_END);
    return { ret: opened.ret, fd_obj: file };
  }
}

class BoundedDirectory extends Directory {
  readonly #quota: Quota;
  constructor(quota: Quota, contents: Map<string, Inode> = new Map()) {
    super(contents);
    this.#quota = quota;
  }
  override create_entry_for_path(path: string, isDirectory: boolean) {
    if (this.#quota.leftEntries <= 0) return { ret: wasi.ERRNO_NOSPC, entry: null };
    const made = super.create_entry_for_path(path, isDirectory);
    if (made.entry === null) return made;
    this.#quota.leftEntries -= 1;
    const bounded = isDirectory ? new BoundedDirectory(this.#quota) : new BoundedFile(this.#quota);
    // The shim has put a plain entry there; the same walk finds its place.
    const parts: string[] = [];
    for (const part of path.split("/")) {
      if (part === "..") parts.pop();
      else if (part !== "" && part !== ".") parts.push(part);
    }
    const name = parts.pop();
    let [parent]: [Inode | undefined] = [this];
    for (const part of parts) parent = parent instanceof Directory ? parent.contents.get(part) : undefined;
    if (name === undefined || !(parent instanceof Directory)) throw new TypeError("no place for an entry");
    parent.contents.set(name, bounded);
    return { ret: wasi.ERRNO_SUCCESS, entry: bounded };
  }
}

/** Files by absolute path; those given are read-only. */
export interface GuestFiles {
  root: PreopenDirectory;
  /** What the guest left there, or undefined. */
  read(path: string): Uint8Array | undefined;
}

/** `writable`: empty folders that the guest may write in, besides the root itself. */
export function createGuestFiles(
  given: Record<string, Uint8Array>,
  writable: readonly string[],
  mostBytes: number,
): GuestFiles {
  const quota: Quota = { leftBytes: mostBytes, leftEntries: entries };
  const top = new BoundedDirectory(quota);
  const folder = (parts: readonly string[]): Directory => {
    let at: Directory = top;
    for (const part of parts) {
      const next = at.contents.get(part) ?? new BoundedDirectory(quota);
      at.contents.set(part, next);
      at = next as Directory;
    }
    return at;
  };
  const split = (path: string): string[] => path.split("/").filter((part) => part !== "");
  for (const path of writable) folder(split(path));
  for (const [path, data] of Object.entries(given)) {
    const parts = split(path);
    const name = parts.pop() as string;
    folder(parts).contents.set(name, new BoundedFile(quota, data, true));
  }
  const root = new PreopenDirectory("/", new Map());
  root.dir = top;
  return {
    root,
    read(path) {
      let at: Inode | undefined = top;
      for (const part of split(path)) at = at instanceof Directory ? at.contents.get(part) : undefined;
      return at instanceof File ? at.data : undefined;
    },
  };
}
