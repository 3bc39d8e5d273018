import { describe, expect, it } from "vitest";
import { decodeFrame } from "../../src/network/task-decode.ts";
import { encodeHello, encodeMessage, encodeSessionError } from "../../src/network/task-encode.ts";
import { Frame } from "#protocols/task";
import { readGolden, withUnknownField, withUnknownFieldInside } from "./golden.ts";
import { bytesOf, hello, hexOf, messages, plain, sessionError } from "./samples.ts";

const golden = readGolden("session");

const samples: [name: string, value: unknown, encoded: Uint8Array][] = [
  ["hello", { kind: "hello", hello }, encodeHello(hello)],
  ["error", { kind: "error", ...sessionError }, encodeSessionError(sessionError.code, sessionError.message)],
  ...Object.entries(messages).map(([name, message]): [string, unknown, Uint8Array] => [
    name,
    message,
    encodeMessage(message),
  ]),
];

describe("the session's golden bytes", () => {
  it("cover every kind of the schema", () => {
    const kinds = Object.keys(golden).map((name) => name.split(",")[0]);
    const schema = new Set(Object.values(golden).flatMap((hex) => Object.keys(presentIn(hex))));
    expect(new Set(kinds).size).toBe(16);
    expect(schema.size).toBe(16);
    expect(Object.keys(golden).toSorted()).toEqual(samples.map(([name]) => name).toSorted());
  });

  describe.each(samples)("%s", (name, value, encoded) => {
    const bytes = bytesOf(golden[name] as string);

    it("is what we send", () => {
      expect(hexOf(encoded)).toBe(golden[name]);
    });

    it("is understood", () => {
      expect(plain(decodeFrame(bytes))).toEqual(plain(value));
    });

    it("is understood with fields of a later version, in the frame and in the message", () => {
      expect(plain(decodeFrame(withUnknownField(bytes)))).toEqual(plain(value));
      expect(plain(decodeFrame(withUnknownFieldInside(bytes)))).toEqual(plain(value));
    });
  });

  it("leave room for a hold's id, which is carried and not used", () => {
    const bytes = Frame.encode({
      request: {
        ...Frame.decode(bytesOf(golden["request, least"] as string)).request,
        holdId: "h1",
      } as never,
    });
    // Field 16 of TaskRequest.
    expect(hexOf(bytes)).toContain("820102" + hexOf(Buffer.from("h1")));
    expect(plain(decodeFrame(bytes))).toEqual(plain(messages["request, least"]));
  });
});

/** The kinds that are set in a frame. */
function presentIn(hex: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(Frame.decode(bytesOf(hex))).filter(([, message]) => message !== undefined),
  );
}
