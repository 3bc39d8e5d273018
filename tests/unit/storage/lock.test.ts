import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { lockDataDir } from "../../../src/storage/lock.ts";
import { temporaryDir } from "./temporary-store.ts";

test("one holder in a process; released twice is fine", async () => {
  const dir = await temporaryDir();
  const lock = lockDataDir(dir);
  expect(() => lockDataDir(dir)).toThrow(expect.objectContaining({ code: "Conflict" }));
  lock.release();
  const next = lockDataDir(dir);
  lock.release();
  expect(() => lockDataDir(dir)).toThrow(expect.objectContaining({ code: "Conflict" }));
  next.release();
});

test("another process is kept out and named, and its kill -9 frees the folder", async () => {
  const dir = await temporaryDir();
  const script = fileURLToPath(new URL("lock-child.ts", import.meta.url));
  const holder = spawn(process.execPath, [script, dir], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void holder.kill("SIGKILL"));
  await once(holder.stdout, "data");
  for (let i = 0; i < 2; i++) {
    expect(() => lockDataDir(dir)).toThrow(
      expect.objectContaining({
        code: "Conflict",
        message: expect.stringContaining(`process ${holder.pid}`),
        hint: expect.stringContaining("errand down"),
      }),
    );
  }
  holder.kill("SIGKILL");
  await once(holder, "exit");
  lockDataDir(dir).release();
});

test("a folder that is not there is StorageFailed", async () => {
  const dir = join(await temporaryDir(), "nowhere");
  expect(() => lockDataDir(dir)).toThrow(expect.objectContaining({ code: "StorageFailed" }));
});
