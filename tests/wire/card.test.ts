import { describe, expect, it } from "vitest";
import { Card as WireCard, CardRequest, CardResponse, SignedCard } from "#protocols/card";
import { systemClock } from "../../src/core/clock.ts";
import { publicKeyOfPeer, peerOfPublicKey } from "../../src/core/ids.ts";
import { limits } from "../../src/core/limits.ts";
import { checkCard, claimOf, signCard } from "../../src/network/card-codec.ts";
import { skillCid } from "../../src/network/dht/skill-records.ts";
import { askForCards, serveCards, type CardSource } from "../../src/network/protocols/card.ts";
import { fakeHost } from "./fake-stream.ts";
import { framed, readGolden, withUnknownField } from "./golden.ts";
import {
  bytesOf,
  card,
  hexOf,
  inputSchema,
  issuedAt,
  otherCard,
  sha256Hex,
  submitter,
  tombstone,
  warmCard,
  worker,
} from "./samples.ts";

const golden = readGolden("card");
const identities = readGolden("identities");
const bytes = (name: string): Uint8Array => bytesOf(golden[name] as string);

describe("identities", () => {
  it.each([
    ["submitter", submitter, identities.submitter],
    ["worker", worker, identities.worker],
  ] as const)("%s: PeerId and public key lead to each other", (_who, signer, expected) => {
    expect(signer.peer).toBe(expected.peer);
    expect(hexOf(publicKeyOfPeer(expected.peer) as Uint8Array)).toBe(expected.publicKey);
    expect(peerOfPublicKey(bytesOf(expected.publicKey))).toBe(expected.peer);
  });

  it("a skill's provider record has the golden CID and key", () => {
    const cid = skillCid(identities.skill.id);
    expect(cid.toString()).toBe(identities.skill.cid);
    expect(hexOf(cid.bytes)).toBe(identities.skill.cidBytes);
    expect(hexOf(cid.multihash.bytes)).toBe(identities.skill.recordKey);
  });
});

describe("a card", () => {
  it.each([
    ["signed card", card, worker],
    ["signed tombstone", tombstone, worker],
    ["signed card of another", otherCard, submitter],
    ["signed card, warm", warmCard, worker],
  ] as const)("%s: signed and checked by the golden bytes", (name, value, signer) => {
    expect(hexOf(signCard(value, signer))).toBe(golden[name]);
    expect(checkCard(bytes(name), "errand", issuedAt)).toEqual({ card: value });
    expect(claimOf(bytes(name))).toEqual({ peer: value.peer, seq: value.seq });
  });

  it("is the signed bytes and the signature, which covers the domain, a zero byte and those bytes", () => {
    const signed = SignedCard.decode(bytes("signed card"));
    expect(hexOf(signed.card)).toBe(golden.card);
    expect(hexOf(signed.signature)).toBe(golden.signature);
    expect(hexOf(worker.sign("errand/card/1", bytes("card")))).toBe(golden.signature);
  });

  it("with fields of a later version is understood, and relayed with its signature valid", () => {
    const inner = withUnknownField(bytes("card"));
    const signed = SignedCard.encode({
      card: Buffer.from(inner),
      signature: Buffer.from(worker.sign("errand/card/1", inner)),
    });
    expect(checkCard(withUnknownField(signed), "errand", issuedAt)).toEqual({ card });
    expect(checkCard(SignedCard.encode(SignedCard.decode(signed)), "errand", issuedAt)).toEqual({ card });
  });

  it("with a changed length is hostile", () => {
    const bad = Uint8Array.from(bytes("signed card"));
    bad[1] = (bad[1] as number) + 1;
    expect(checkCard(bad, "errand", issuedAt)).toMatchObject({ hostile: true });
    const padded = Buffer.concat([
      bytes("signed card"),
      bytesOf("1a8080040000"),
      Buffer.alloc(limits.cardBytes),
    ]);
    expect(checkCard(padded, "errand", issuedAt)).toMatchObject({ hostile: true });
  });

  it("says nothing that its schema does not hold", () => {
    expect(hexOf(WireCard.encode(WireCard.decode(bytes("card"))))).toBe(golden.card);
  });
});

const question = { own: bytes("signed card"), known: 256, schemas: [sha256Hex(inputSchema)] };
const answer = {
  own: golden["signed card"],
  known: [golden["signed card of another"]],
  schemas: new Map([[sha256Hex(inputSchema), inputSchema]]),
};

function source(heard: string[] = []): CardSource {
  return {
    own: () => bytes("signed card"),
    known: () => [bytes("signed card of another")],
    schema: (hash) => (hash === sha256Hex(inputSchema) ? inputSchema : undefined),
    heard: (signed) => heard.push(hexOf(signed)),
    clock: systemClock,
  };
}

describe("/errand/card/1.0.0", () => {
  const signal = new AbortController().signal;

  it.each([
    ["request", question],
    ["request, least", {}],
  ])("asks with the golden %s", async (name, asked) => {
    const { host, dialled } = fakeHost();
    const asking = askForCards(host, worker.peer, asked, signal);
    expect(hexOf(await dialled.take(framed(bytes(name)).length))).toBe(hexOf(framed(bytes(name))));
    dialled.receive(framed(bytes("response")));
    await asking;
  });

  it.each([
    ["the golden response", (golden_: Uint8Array) => golden_],
    ["one with fields of a later version", withUnknownField],
  ])("understands %s", async (_what, change) => {
    const { host, dialled } = fakeHost();
    const asking = askForCards(host, worker.peer, question, signal);
    dialled.receive(framed(change(bytes("response"))));
    const { own, known, schemas } = await asking;
    expect({ own: own && hexOf(own), known: known.map(hexOf), schemas }).toEqual(answer);
  });

  it("takes a refusal for what it is", async () => {
    const { host, dialled } = fakeHost();
    const asking = askForCards(host, worker.peer, question, signal);
    dialled.receive(framed(bytes("response, refused")));
    await expect(asking).rejects.toMatchObject({ code: "PeerUnreachable" });
    expect(hexOf(CardResponse.encode({ known: [], schemas: [], error: "RateLimited" }))).toBe(
      golden["response, refused"],
    );
  });

  it.each([
    ["the golden request", (golden_: Uint8Array) => golden_],
    ["one with fields of a later version", withUnknownField],
  ])("answers %s with the golden response", async (_what, change) => {
    const { host, open } = fakeHost();
    const heard: string[] = [];
    await serveCards(host, source(heard));
    const stream = open(worker.peer);
    stream.receive(framed(change(bytes("request"))));
    const expected = framed(bytes("response"));
    expect(hexOf(await stream.take(expected.length))).toBe(hexOf(expected));
    expect(heard).toEqual([golden["signed card"]]);
  });

  it("answers the least request with the own card alone", async () => {
    const { host, open } = fakeHost();
    await serveCards(host, source());
    const stream = open(worker.peer);
    stream.receive(framed(bytes("request, least")));
    await stream.ended();
    expect(CardRequest.decode(bytes("request, least"))).toEqual({ known: 0, schemas: [] });
    const own = SignedCard.decode(bytes("signed card"));
    expect(hexOf(stream.sent)).toBe(hexOf(framed(CardResponse.encode({ own, known: [], schemas: [] }))));
  });

  it("resets the stream at a request whose length is above the limit, or lies", async () => {
    const { host, open } = fakeHost();
    await serveCards(host, source());
    const large = open(worker.peer);
    large.receive(framed(bytes("request"), limits.cardBytes + 4 * 1024 + 1));
    await large.ended();
    expect(large.aborted).toMatchObject({ code: "ProtocolViolation" });
    const short = open(worker.peer);
    short.receive(framed(bytes("request"), bytes("request").length - 1));
    await short.ended();
    expect(short.aborted).toBeDefined();
  });

  it("takes no answer above a frame's size", async () => {
    const { host, dialled } = fakeHost();
    const asking = askForCards(host, worker.peer, question, signal);
    dialled.receive(framed(bytes("response"), limits.frameBytes + 1));
    await expect(asking).rejects.toMatchObject({ code: "ProtocolViolation" });
  });
});
