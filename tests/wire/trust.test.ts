import { describe, expect, it } from "vitest";
import {
  Alarm,
  Attestation as WireAttestation,
  SignedAttestation,
  SignedFault,
  TrustBatch,
  TrustRequest,
} from "#protocols/trust";
import { systemClock } from "../../src/core/clock.ts";
import { limits } from "../../src/core/limits.ts";
import { isProved, readFault, signFault, type SignedResult } from "../../src/network/alarm-codec.ts";
import { createResponseSigner, createResponseVerifier } from "../../src/network/attest.ts";
import {
  isSigned,
  readAttestation,
  readEquivocation,
  signAttestation,
  wireEquivocation,
} from "../../src/network/attestation-codec.ts";
import { digestOf, silencedDigest, tagOf } from "../../src/network/attestation-digests.ts";
import { serveTrust, syncTrust, type TrustSource } from "../../src/network/protocols/trust.ts";
import { fakeHost } from "./fake-stream.ts";
import { framed, readGolden, withUnknownField } from "./golden.ts";
import {
  attestation,
  bytesOf,
  faultOf,
  hexOf,
  issuedAt,
  revocation,
  rightResult,
  rivalAttestation,
  submitter,
  worker,
  wrongResult,
} from "./samples.ts";

const golden = readGolden("trust");
const bytes = (name: string): Uint8Array => bytesOf(golden[name] as string);

describe("an attestation", () => {
  it.each([
    ["signed attestation", attestation],
    ["signed attestation, the same number", rivalAttestation],
    ["signed attestation, nothing", revocation],
  ] as const)("%s: signed and read by the golden bytes", (name, value) => {
    expect(hexOf(signAttestation(value, "errand", submitter))).toBe(golden[name]);
    const read = readAttestation(bytes(name), "errand", issuedAt);
    expect(read).toMatchObject({ attestation: value });
    if (read.problem !== undefined) throw new Error(read.problem);
    expect(isSigned(submitter.peer, read.body, read.signature)).toBe(true);
  });

  it("is one encoding for one content: claims in order, whatever order they are given in", () => {
    const shuffled = { ...attestation, claims: attestation.claims.toReversed() };
    expect(hexOf(signAttestation(shuffled, "errand", submitter))).toBe(golden["signed attestation"]);
  });

  it("is the signed bytes and the signature, which covers the domain, a zero byte and those bytes", () => {
    const signed = SignedAttestation.decode(bytes("signed attestation"));
    expect(hexOf(signed.attestation)).toBe(golden["attestation"]);
    expect(hexOf(signed.signature)).toBe(golden["signature"]);
    expect(hexOf(submitter.sign("errand/attestation/1", bytes("attestation")))).toBe(golden["signature"]);
  });

  it("with fields of a later version is understood, and stays signed", () => {
    const inner = withUnknownField(bytes("attestation"));
    const signed = SignedAttestation.encode({
      attestation: Buffer.from(inner),
      signature: Buffer.from(submitter.sign("errand/attestation/1", inner)),
    });
    const read = readAttestation(withUnknownField(signed), "errand", issuedAt);
    expect(read).toMatchObject({ attestation });
    if (read.problem === undefined) expect(isSigned(submitter.peer, read.body, read.signature)).toBe(true);
  });

  it("says nothing that its schema does not hold", () => {
    expect(hexOf(WireAttestation.encode(WireAttestation.decode(bytes("attestation"))))).toBe(
      golden["attestation"],
    );
  });
});

const resultOf = (result: Omit<SignedResult, "attest">): SignedResult => {
  const signing = createResponseSigner(worker);
  const done: SignedResult[] = [];
  signing.sign({ ...result, network: "errand", status: "completed" }, (attest) =>
    done.push({ ...result, attest }),
  );
  signing.flush();
  return done[0] as SignedResult;
};

describe("an alarm", () => {
  it("of two attestations under one number proves itself", () => {
    const { equivocation } = Alarm.decode(bytes("alarm, equivocation"));
    if (equivocation === undefined) throw new Error("no equivocation");
    const proof = readEquivocation(equivocation, "errand");
    expect(proof?.issuer).toBe(submitter.peer);
    expect(proof?.holds()).toBe(true);
    const pair = {
      issuer: submitter.peer,
      first: bytes("signed attestation"),
      second: bytes("signed attestation, the same number"),
    };
    expect(hexOf(Alarm.encode({ equivocation: wireEquivocation(pair) }))).toBe(golden["alarm, equivocation"]);
  });

  it.each([
    ["alarm, fault", faultOf(resultOf(wrongResult))],
    ["alarm, contradiction", faultOf(resultOf(wrongResult), resultOf(rightResult))],
  ] as const)("%s: signed, read and proved by the golden bytes", (name, fault) => {
    const signed = signFault(fault, "errand", submitter);
    expect(hexOf(Alarm.encode({ fault: SignedFault.decode(signed) }))).toBe(golden[name]);
    const outer = Alarm.decode(bytes(name)).fault;
    if (outer === undefined) throw new Error("no fault");
    const read = readFault(outer, "errand", issuedAt);
    if (read.problem !== undefined) throw new Error(read.problem);
    expect(JSON.stringify(read.fault)).toBe(JSON.stringify({ reporter: submitter.peer, ...orderOf(fault) }));
    expect(isProved(read, "errand", createResponseVerifier())).toBe(true);
  });
});

/** As the reader makes it, with plain byte arrays. */
function orderOf({ issuedAt, wrong, groundedHash, other }: ReturnType<typeof faultOf>): object {
  const plain = ({
    submitter,
    worker,
    taskId,
    attempt,
    inputHash,
    skill,
    skillVersion,
    outputHash,
    attest,
  }: SignedResult) => ({
    submitter,
    worker,
    taskId,
    attempt,
    inputHash,
    skill,
    skillVersion,
    outputHash,
    attest: { ...attest, signature: new Uint8Array(attest.signature) },
  });
  const base = { issuedAt, wrong: plain(wrong), groundedHash };
  return other === undefined ? base : { ...base, other: plain(other) };
}

function source(heard: string[] = []): TrustSource {
  const signed = SignedAttestation.decode(bytes("signed attestation"));
  return {
    network: "errand",
    clock: systemClock,
    digests: () => TrustRequest.decode(bytes("request")).digests,
    offer: () => ({ attestations: [signed], equivocations: [], wanted: new Uint8Array() }),
    pick: (wanted) => (hexOf(wanted) === hexOf(tagOf(worker.peer)) ? [signed] : []),
    heard: async ({ attestations, equivocations }) => {
      for (const one of attestations) heard.push(hexOf(SignedAttestation.encode(one)));
      for (const one of equivocations) heard.push(hexOf(Alarm.encode({ equivocation: one })));
    },
  };
}

describe("/errand/trust/1.0.0", () => {
  it("names what it has in 20 bytes each", () => {
    const { seq, issuer } = attestation;
    expect(hexOf(digestOf(issuer, seq, bytes("attestation")))).toBe(golden["digest"]);
    expect(hexOf(silencedDigest(worker.peer))).toBe(golden["digest, silenced"]);
    expect(TrustRequest.decode(bytes("request")).digests.length).toBe(40);
    expect(hexOf(TrustRequest.encode({ version: 1, network: "errand" }))).toBe(
      golden["request, nothing known"],
    );
  });

  it("asks with the golden request, takes the golden batches, and sends what was wanted", async () => {
    const { host, dialled } = fakeHost();
    const heard: string[] = [];
    const syncing = syncTrust(host, worker.peer, source(heard), new AbortController().signal);
    const request = framed(bytes("request"));
    expect(hexOf(await dialled.take(request.length))).toBe(hexOf(request));
    dialled.receive(framed(bytes("batch, proofs")));
    dialled.receive(framed(withUnknownField(bytes("batch, last"))));
    await syncing;
    expect(heard).toEqual([golden["alarm, equivocation"], golden["signed attestation"]]);
    const answer = framed(bytes("batch, last"));
    expect(hexOf(await dialled.take(answer.length))).toBe(hexOf(answer));
  });

  it.each([
    ["the golden request", (given: Uint8Array) => given],
    ["one with fields of a later version", withUnknownField],
  ])("answers %s with the golden batch, and takes what comes then", async (_what, change) => {
    const { host, open } = fakeHost();
    const heard: string[] = [];
    await serveTrust(host, source(heard));
    const stream = open(worker.peer);
    stream.receive(framed(change(bytes("request"))));
    const batch = framed(bytes("batch, last"));
    expect(hexOf(await stream.take(batch.length))).toBe(hexOf(batch));
    stream.receive(framed(bytes("batch, nothing")));
    await stream.ended();
    expect([stream.aborted, heard]).toEqual([undefined, []]);
  });

  it.each([
    ["another version", TrustRequest.encode({ version: 2, network: "errand" })],
    ["another network", TrustRequest.encode({ version: 1, network: "lab" })],
    ["garbage", Uint8Array.of(0xff, 0xff, 0xff)],
  ])("resets the stream at %s", async (_what, request) => {
    const { host, open } = fakeHost();
    await serveTrust(host, source());
    const stream = open(worker.peer);
    stream.receive(framed(request));
    await stream.ended();
    expect(stream.aborted).toBeDefined();
    expect(stream.sent.length).toBe(0);
  });

  it("takes no more than a sync may bring", async () => {
    const { host, dialled } = fakeHost();
    const syncing = syncTrust(host, worker.peer, source(), new AbortController().signal);
    syncing.catch(() => undefined);
    const { attestation: body, signature } = SignedAttestation.decode(bytes("signed attestation, nothing"));
    const many = Array.from({ length: 512 }, () => ({ attestation: body, signature }));
    const batch = framed(
      TrustBatch.encode({ attestations: many, equivocations: [], wanted: new Uint8Array(), last: false }),
    );
    for (let i = 0; i <= limits.attestationsPerSync / 512; i++) dialled.receive(batch);
    await expect(syncing).rejects.toMatchObject({ code: "ProtocolViolation" });
  });
});
