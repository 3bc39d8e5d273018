import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../src/core/clock.ts";
import { TaskSession } from "../../../src/network/session.ts";
import { encodeHello, encodeMessage } from "../../../src/network/task-encode.ts";
import { FakeStream } from "../../wire/fake-stream.ts";
import { framed } from "../../wire/golden.ts";

const hello = { version: 1, network: "test", capabilities: [], resume: [] };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function openSession(): Promise<{ stream: FakeStream; nonces: number[]; session: TaskSession }> {
  const stream = new FakeStream();
  const nonces: number[] = [];
  const session = new TaskSession(stream as never, {
    peer: "peer",
    direction: "in",
    hello,
    clock: systemClock,
    onMessage: (message) => nonces.push(message.kind === "probe" ? message.nonce : -1),
    onOpen() {},
    onClose() {},
  });
  onTestFinished(() => session.close("the test is over"));
  await turn();
  stream.receive(framed(encodeHello(hello)));
  await turn();
  return { stream, nonces, session };
}

function chunksOf(count: number): Uint8Array[] {
  const bytes = Buffer.concat(
    Array.from({ length: count }, (_, i) => framed(encodeMessage({ kind: "probe", nonce: i + 1 }))),
  );
  const size = 20 * 1024 + 3;
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    Uint8Array.from(bytes.subarray(i * size, (i + 1) * size)),
  );
}

test("a burst is taken a portion a turn, in order and whole", async () => {
  const { stream, nonces } = await openSession();
  for (const chunk of chunksOf(20_000)) stream.receive(chunk);
  const first = nonces.length;
  for (let i = 0; i < 100 && nonces.length < 20_000; i++) await turn();
  expect(first).toBeLessThan(20_000);
  expect(nonces).toEqual(Array.from({ length: 20_000 }, (_, i) => i + 1));
});

test("what a peer said before it left is heard", async () => {
  for (const end of ["remoteCloseWrite", "close"]) {
    const { stream, nonces, session } = await openSession();
    for (const chunk of chunksOf(20_000)) stream.receive(chunk);
    stream.dispatchEvent(new Event(end));
    expect(nonces).toHaveLength(20_000);
    expect(session.closed.aborted).toBe(true);
  }
});
