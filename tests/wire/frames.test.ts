import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { limits } from "../../src/core/limits.ts";
import type { Message } from "../../src/network/messages.ts";
import { TaskSession } from "../../src/network/session.ts";
import { decodeFrame } from "../../src/network/task-decode.ts";
import { FakeStream } from "./fake-stream.ts";
import { framed, readGolden } from "./golden.ts";
import { bytesOf, hello, submitter } from "./samples.ts";
import { encode } from "uint8-varint";

const golden = readGolden("session");
const frames = Object.entries(golden).map(([name, hex]): [string, Uint8Array] => [name, bytesOf(hex)]);
const helloFrame = framed(bytesOf(golden.hello as string));

interface Opened {
  stream: FakeStream;
  got: Message[];
  session: TaskSession;
  /** Why the session closed: undefined while it is open. */
  end(): { violation: string | undefined } | undefined;
}

/** The working side of a session. */
function openSession(): Opened {
  const stream = new FakeStream();
  const got: Message[] = [];
  let ended: { violation: string | undefined } | undefined;
  const session = new TaskSession(stream as never, {
    peer: submitter.peer,
    direction: "in",
    hello: { ...hello, capabilities: [], resume: [] },
    clock: systemClock,
    onMessage: (message) => got.push(message),
    onOpen() {},
    onClose: (_session, violation) => (ended = { violation: violation?.message }),
  });
  onTestFinished(() => session.close("the test is over"));
  return { stream, got, session, end: () => ended };
}

/** The code of the error frame that is the last thing a session said. */
function lastError(stream: FakeStream): string | undefined {
  let rest = stream.sent;
  let code: string | undefined;
  while (rest.length > 0) {
    // Frames of these tests are shorter than 128 bytes, so one byte says their length.
    const end = 1 + (rest[0] as number);
    const decoded = decodeFrame(rest.subarray(1, end));
    code = decoded.kind === "error" ? decoded.code : undefined;
    rest = rest.subarray(end);
  }
  return code;
}

describe("a session", () => {
  it("takes the golden frames in one piece, cut anywhere", () => {
    const { stream, got, end } = openSession();
    const others = frames.filter(([name]) => name !== "hello" && name !== "error");
    const bytes = Buffer.concat([helloFrame, ...others.map(([, frame]) => framed(frame))]);
    for (const byte of bytes) stream.receive(Uint8Array.of(byte));
    expect(end()).toBeUndefined();
    expect(got).toHaveLength(others.length);
  });

  it("takes a frame of the largest size", () => {
    const { stream, end } = openSession();
    stream.receive(helloFrame);
    stream.receive(encode(limits.frameBytes));
    expect(end()).toBeUndefined();
  });

  it.each(frames)("%s: closes at a length above the limit, before the bytes come", (_name, frame) => {
    const { stream, got, end } = openSession();
    stream.receive(helloFrame);
    stream.receive(framed(frame, limits.frameBytes + 1));
    expect(end()?.violation).toContain(`${limits.frameBytes}`);
    expect(lastError(stream)).toBe("ProtocolViolation");
    expect(stream.aborted).toBeDefined();
    expect(got).toEqual([]);
  });

  it.each(frames)("%s: closes when its length is one byte short", (_name, frame) => {
    const { stream, got, end } = openSession();
    stream.receive(helloFrame);
    stream.receive(framed(frame, frame.length - 1));
    expect(end()?.violation).toBeDefined();
    expect(lastError(stream)).toBe("ProtocolViolation");
    expect(got).toEqual([]);
  });

  it.each(frames)("%s: waits when its length is one byte more than there is", (_name, frame) => {
    const { stream, got, end } = openSession();
    stream.receive(helloFrame);
    stream.receive(framed(frame, frame.length + 1));
    expect(end()).toBeUndefined();
    expect(got).toEqual([]);
  });

  it.each(frames)("%s: is refused when the length of its message lies", (_name, frame) => {
    const tagBytes = (frame[0] as number) >= 0x80 ? 2 : 1;
    const bad = Uint8Array.from(frame);
    bad[tagBytes] = (bad[tagBytes] as number) + 1;
    expect(() => decodeFrame(bad)).toThrow(expect.objectContaining({ details: { garbage: true } }));
  });

  it("closes at a length prefix of six bytes", () => {
    const { stream, end } = openSession();
    stream.receive(bytesOf("808080808000"));
    expect(end()?.violation).toMatch(/prefix/);
  });

  it.each([
    ["a kind from a later version", bytesOf("8a0100")],
    ["an empty frame", new Uint8Array(0)],
    ["no protobuf", bytesOf("ffffffff")],
    [
      "an enum's value from a later version",
      bytesOf((golden["status, running"] as string).replace(/02$/, "09")),
    ],
  ])("closes with an error at %s", (_what, frame) => {
    const { stream, end } = openSession();
    stream.receive(helloFrame);
    stream.receive(framed(frame));
    expect(end()?.violation).toBeDefined();
    expect(lastError(stream)).toBe("ProtocolViolation");
  });

  it("closes at a message before the Hello, and at a second Hello", () => {
    const early = openSession();
    early.stream.receive(framed(bytesOf(golden.probe as string)));
    expect(early.end()?.violation).toMatch(/before the Hello/);
    const twice = openSession();
    twice.stream.receive(helloFrame);
    twice.stream.receive(helloFrame);
    expect(twice.end()?.violation).toMatch(/second Hello/);
  });

  // Version and network of the golden Hello, changed in place.
  it.each([
    ["another version", "0801", "0802", "ProtocolViolation"],
    ["another network", "657272616e64", "657272616e65", "Unauthorized"],
  ])("refuses %s without holding it against the peer", (_what, from, to, code) => {
    const { stream, end } = openSession();
    stream.receive(framed(bytesOf((golden.hello as string).replace(from, to))));
    expect(end()).toEqual({ violation: undefined });
    expect(lastError(stream)).toBe(code);
  });

  it("ends, without an answer, when the remote says that it erred", () => {
    const { stream, end } = openSession();
    stream.receive(helloFrame);
    stream.receive(framed(bytesOf(golden.error as string)));
    expect(end()).toEqual({ violation: undefined });
  });

  it("bears 64 frames a minute that make no sense, and no more", () => {
    const { stream, end } = openSession();
    stream.receive(helloFrame);
    // Attempt 0 of a Cancel: decodes, and is out of bounds.
    const senseless = framed(bytesOf((golden.cancel as string).replace("80571001", "80571000")));
    for (let i = 0; i < limits.badFramesPerMinute; i++) stream.receive(senseless);
    expect(end()).toBeUndefined();
    stream.receive(senseless);
    expect(end()?.violation).toMatch(/frames in error/);
  });
});
