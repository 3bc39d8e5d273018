import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { verifySignature } from "../../../src/core/signatures.ts";
import { loadIdentity } from "../../../src/network/identity.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "errand-identity-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const path = (): string => join(dir, "identity.key");

test("the first start makes a key for the owner alone, and later starts find it", async () => {
  const first = await loadIdentity(dir, silentLog);
  expect((await stat(path())).mode & 0o777).toBe(0o600);
  expect(await readdir(dir)).toEqual(["identity.key"]);
  const second = await loadIdentity(dir, silentLog);
  expect(second.peer).toBe(first.peer);
  const signature = second.signer.sign("test", Buffer.from("x"));
  expect(verifySignature(first.peer, "test", Buffer.from("x"), signature)).toBe(true);
});

test("two starts at the same time end with one key", async () => {
  const [a, b, c] = await Promise.all([1, 2, 3].map(() => loadIdentity(dir, silentLog)));
  expect(a?.peer).toBe(b?.peer);
  expect(b?.peer).toBe(c?.peer);
  expect(await readdir(dir)).toEqual(["identity.key"]);
});

test("a key that others can read is tightened", async () => {
  const { peer } = await loadIdentity(dir, silentLog);
  await chmod(path(), 0o644);
  expect((await loadIdentity(dir, silentLog)).peer).toBe(peer);
  expect((await stat(path())).mode & 0o777).toBe(0o600);
});

test.each([
  ["nothing", () => new Uint8Array()],
  ["other bytes", () => Buffer.from("not a key at all")],
  ["a short key", (good: Uint8Array) => good.subarray(0, good.length - 1)],
  ["a flipped bit in the seed", (good: Uint8Array) => flip(good, 10)],
  ["a flipped bit in the public half", (good: Uint8Array) => flip(good, good.length - 1)],
  ["a huge file", () => new Uint8Array(100_000)],
])("a key file with %s is refused and left as it is", async (_, damage) => {
  await loadIdentity(dir, silentLog);
  const damaged = damage(await readFile(path()));
  await writeFile(path(), damaged);
  await expect(loadIdentity(dir, silentLog)).rejects.toMatchObject({
    code: "InvalidConfig",
    hint: expect.stringContaining("backup"),
  });
  expect(Buffer.compare(await readFile(path()), damaged)).toBe(0);
});

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}
