/**
 * The outermost layer of a frame. The generated code for its sixteen kinds clears fifteen fields, several times over, for
 * each frame it writes or reads. A frame holds one kind, so here its field is written and read alone, by the generated code
 * for that kind; whatever looks different goes to the generated code whole.
 */
import * as wire from "#protocols/task";
import type { Codec, DecodeOptions, Reader, Writer } from "protons-runtime";
import { limits } from "../core/limits.ts";
import { ScratchReader } from "./scratch-reader.ts";
import { ScratchWriter } from "./scratch-writer.ts";

type Kind = keyof wire.Frame;

interface Field {
  number: number;
  kind: Kind;
  codec: Codec<unknown>;
  options: DecodeOptions<unknown>;
}

const decodeLimits: Partial<Record<Kind, unknown>> = {
  hello: { resume: limits.inFlightPerPeer, capabilities: 64 },
  request: { labels: 32, requirements: { tags: 16 } },
  response: { attest: { proof: 24 } },
  responseAck: { attempts: 4 * limits.inFlightPerPeer },
};

/** Numbers as in `Frame` of protocols/task.proto. */
const codecs: Record<Kind, [number: number, codec: unknown]> = {
  hello: [1, wire.Hello.codec()],
  request: [2, wire.TaskRequest.codec()],
  ack: [3, wire.TaskAck.codec()],
  progress: [4, wire.TaskProgress.codec()],
  response: [5, wire.TaskResponse.codec()],
  responseAck: [6, wire.ResponseAck.codec()],
  cancel: [7, wire.TaskCancel.codec()],
  pause: [8, wire.TaskPause.codec()],
  resume: [9, wire.TaskResume.codec()],
  query: [10, wire.TaskQuery.codec()],
  status: [11, wire.TaskStatus.codec()],
  probe: [12, wire.Probe.codec()],
  loadReport: [13, wire.LoadReport.codec()],
  credit: [14, wire.Credit.codec()],
  goAway: [15, wire.GoAway.codec()],
  error: [16, wire.SessionError.codec()],
};

const byNumber: (Field | undefined)[] = [];
const byKind = {} as Record<Kind, Field>;
for (const kind of Object.keys(codecs) as Kind[]) {
  const [number, codec] = codecs[kind];
  const options = { limits: decodeLimits[kind] } as DecodeOptions<unknown>;
  byNumber[number] = byKind[kind] = { number, kind, codec: codec as Codec<unknown>, options };
}

const lengthDelimited = 2;
const writer = new ScratchWriter();
const reader = new ScratchReader();

/** What a frame holds. */
export type Content = { [K in Kind]: { kind: K; value: NonNullable<wire.Frame[K]> } }[Kind];

/** The bytes of a frame that holds `value`. */
export function writeFrame<K extends Kind>(kind: K, value: NonNullable<wire.Frame[K]>): Uint8Array {
  const { number, codec } = byKind[kind];
  writer.begin();
  writer.uint32((number << 3) | lengthDelimited);
  codec.encode(value, writer as unknown as Writer);
  return writer.finish();
}

/** Undefined for a kind that is not known here. Throws when the bytes are no protobuf of this schema. */
export function readFrame(bytes: Uint8Array): Content | undefined {
  return readUsual(bytes) ?? readAny(bytes);
}

function readUsual(bytes: Uint8Array): Content | undefined {
  try {
    const from = reader.begin(bytes);
    const tag = from.uint32();
    const field = byNumber[tag >>> 3];
    if (field === undefined || (tag & 7) !== lengthDelimited) return undefined;
    const length = from.uint32();
    if (from.pos + length !== bytes.length) return undefined;
    const value = field.codec.decode(from as unknown as Reader, length, field.options);
    return { kind: field.kind, value } as Content;
  } catch {
    return undefined;
  }
}

function readAny(bytes: Uint8Array): Content | undefined {
  const frame = wire.Frame.decode(bytes, { limits: decodeLimits as object });
  for (const kind of Object.keys(codecs) as Kind[])
    if (frame[kind] !== undefined) return { kind, value: frame[kind] } as Content;
  return undefined;
}
