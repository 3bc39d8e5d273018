import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

test("a node that cannot start leaves nothing open: its process ends by itself, and its folder is free", async () => {
  const data = await mkdtemp(join(tmpdir(), "errand-start-"));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  const taken = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const script = fileURLToPath(new URL("failing-start-child.ts", import.meta.url));

  async function run(): Promise<{ code: number; said: string }> {
    const child = spawn(process.execPath, [script, data, String(port)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, "exit")) as [number];
    return { code, said };
  }

  expect(await run()).toEqual({ code: 0, said: "Conflict\n" });
  expect(await run()).toEqual({ code: 0, said: "Conflict\n" });
}, 60_000);
