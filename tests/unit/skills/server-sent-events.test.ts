import fc from "fast-check";
import { expect, test } from "vitest";
import { eventData } from "../../../src/skills/server-sent-events.ts";

async function read(bytes: Buffer, cuts: number[]): Promise<string[]> {
  async function* chunks() {
    let from = 0;
    for (const at of [...cuts, bytes.length].toSorted((a, b) => a - b)) {
      yield bytes.subarray(from, at);
      from = at;
    }
  }
  const all: string[] = [];
  for await (const data of eventData(chunks())) all.push(data);
  return all;
}

const stream =
  ': hello\r\n\r\ndata: {"a":"ä"}\n\nevent: x\ndata:one\ndata: two\n\nid: 3\n\ndata: [DONE]\r\n\r\ndata: cut off';

test("events come out whole, wherever the network cuts them", async () => {
  const bytes = Buffer.from(stream);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
      expect(await read(bytes, cuts)).toEqual(['{"a":"ä"}', "one\ntwo", "[DONE]"]);
    }),
  );
});

test("an event that never ends is refused", async () => {
  const endless = Buffer.alloc(2 * 1024 * 1024, "data: x\n");
  await expect(read(endless, [1_000_000])).rejects.toMatchObject({ code: "LimitExceeded" });
  await expect(read(Buffer.alloc(2 * 1024 * 1024, "x"), [1_500_000])).rejects.toMatchObject({
    code: "LimitExceeded",
  });
});
