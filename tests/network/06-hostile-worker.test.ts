/** A worker that lies: about its own tasks, and about those of others. The submitter believes neither. */
import { describe, expect, test } from "vitest";
import { jsonBody, type Body } from "../../src/core/body.ts";
import { sha256 } from "../../src/core/signatures.ts";
import { createResponseSigner, bodyHash } from "../../src/network/attest.ts";
import type { Attest, TaskRequest, TaskResponse } from "../../src/network/messages.ts";
import { cardProtocol } from "../../src/network/protocols/card.ts";
import { taskProtocol } from "../../src/network/protocols/task.ts";
import { writeProbeSkills } from "../support/probe-skills.ts";
import { rawCard, skillEntry, tellCard } from "../support/raw-card.ts";
import { createRawPeer, type RawPeer } from "../support/raw-peer.ts";
import { rawSession, type RawSession } from "../support/raw-task.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const t = useMesh(async (mesh) => {
  const probe = await writeProbeSkills(mesh.folder);
  const home = await mesh.start("home", { builtinSkills: [] });
  const worker = await mesh.start("worker", { skills: [probe.file] });
  await mesh.joined(home, worker);
  return { home, worker, probe };
});

const load = { running: 0, slots: 4, queued: 0, serviceMs: 0 };

interface Liar extends AsyncDisposable {
  peer: RawPeer;
  /** The task it was given, accepted. */
  given(skill: string): Promise<{ session: RawSession; request: TaskRequest }>;
}

/** A raw peer that offers skills, is known for them to the submitter, and says yes to every task. */
async function startLiar(...skills: string[]): Promise<Liar> {
  const peer = await createRawPeer();
  const given: { session: RawSession; request: TaskRequest }[] = [];
  await peer.handle(cardProtocol, (stream) => stream.abort(new Error("no")));
  await peer.handle(taskProtocol, (stream) => {
    const session = rawSession(stream);
    session.hello();
    void session
      .hears("a task", (said) => (said.kind === "request" ? said.request : undefined), 20_000)
      .then((request) => {
        const { taskId, attempt } = request;
        session.send({ kind: "ack", ack: { taskId, attempt, verdict: "accepted", position: 0, load } });
        given.push({ session, request });
      })
      .catch(() => undefined);
  });
  const connection = await peer.connect(t.home.address);
  await tellCard(connection, rawCard(peer.signer, { name: "liar", skills: skills.map(skillEntry) }));
  return {
    peer,
    given: (skill) => until(`a task of ${skill}`, () => given.find(({ request }) => request.skill === skill)),
    [Symbol.asyncDispose]: () => peer.stop(),
  };
}

function responseTo(request: TaskRequest, output: unknown, more: Partial<TaskResponse> = {}): TaskResponse {
  const body = jsonBody(output) as Body & { bytes: Uint8Array };
  return {
    taskId: request.taskId,
    attempt: request.attempt,
    leaseEpoch: request.leaseEpoch,
    status: "completed",
    output: body,
    outputHash: sha256(body.bytes),
    usage: { wallMs: 1, cpuMs: 1, peakMemoryBytes: 0 },
    executedSkillVersion: "1.0.0",
    ...more,
  };
}

/** Signed as an honest worker would, for `task` as it claims it to be. */
function attested(liar: RawPeer, request: TaskRequest, response: TaskResponse): Promise<Attest> {
  const statement = {
    network: "errand",
    submitter: t.home.peerId,
    worker: liar.peerId,
    taskId: request.taskId,
    attempt: request.attempt,
    inputHash: bodyHash(request.input),
    skill: request.skill,
    skillVersion: response.executedSkillVersion,
    status: response.status,
    outputHash: response.outputHash,
  };
  return new Promise((resolve) => createResponseSigner(liar.signer).sign(statement, resolve));
}

const late = async (): Promise<number> => (await t.home.status()).counters["lateResponses"] ?? 0;

describe("answers to the task of another worker", () => {
  test("are dropped and counted, however well they are made", async () => {
    await using liar = await startLiar("liar.task");
    const { id } = await t.home.submit({ skill: "probe.hold", input: { key: "theirs" } });
    await t.probe.started("theirs");
    const own = await t.home.submit({ skill: "liar.task", input: {} });
    const { session, request } = await liar.given("liar.task");
    const before = await late();
    const theirs: TaskRequest = {
      ...request,
      taskId: id,
      skill: "probe.hold",
      input: jsonBody({ key: "theirs" }),
    };
    const response = responseTo(theirs, { forged: true });
    const attest = await attested(liar.peer, theirs, response);
    session.send(
      {
        kind: "ack",
        ack: { taskId: id, attempt: 1, verdict: "refused", position: 0, code: "UnsupportedSkill", load },
      },
      { kind: "progress", progress: { taskId: id, attempt: 1, seq: 99, fraction: 0.99, message: "forged" } },
      { kind: "status", status: { taskId: id, attempt: 1, state: "unknown" } },
      { kind: "response", response },
      { kind: "response", response: { ...response, attest } },
    );
    await until("both are counted", async () => (await late()) === before + 2);
    expect(await t.home.task(id)).toMatchObject({ status: "running", output: null, peer: t.worker.peerId });
    expect((await t.home.task(id)).progressMessage).not.toBe("forged");
    await t.probe.release("theirs");
    expect(await t.home.ended(id)).toMatchObject({
      status: "completed",
      attempts: 1,
      output: { pid: t.worker.process.pid },
      peer: t.worker.peerId,
    });
    await t.home.call("POST", `/v1/tasks/${own.id}/cancel`, { body: {} });
  });
});

describe("answers to its own task", () => {
  const lies: [string, (request: TaskRequest, liar: RawPeer) => Promise<TaskResponse>][] = [
    ["without a signature", async (request) => responseTo(request, "unsigned")],
    [
      "with a signature of another output",
      async (request, liar) => {
        const response = responseTo(request, "shown");
        return { ...response, attest: await attested(liar, request, responseTo(request, "signed")) };
      },
    ],
    [
      "with an output that is not what its hash says",
      async (request, liar) => {
        const response = responseTo(request, "one", { outputHash: sha256(Buffer.from("another")) });
        return { ...response, attest: await attested(liar, request, response) };
      },
    ],
    [
      "with JSON that is none",
      async (request, liar) => {
        const bytes = Buffer.from("{ not json");
        const output: Body = { bytes, type: "application/json" };
        const response = responseTo(request, null, { output, outputHash: sha256(bytes) });
        return { ...response, attest: await attested(liar, request, response) };
      },
    ],
  ];

  test.each(lies)("%s are no result, and cost it trust", async (_, lie) => {
    await using liar = await startLiar("lies.told");
    const { id } = await t.home.submit({
      skill: "lies.told",
      input: {},
      peer: liar.peer.peerId,
      retry: { retries: 0 },
    });
    const { session, request } = await liar.given("lies.told");
    session.send({ kind: "response", response: await lie(request, liar.peer) });
    const task = await t.home.ended(id);
    expect(task).toMatchObject({ status: "failed", output: null, error: { code: "VerificationFailed" } });
    const { trust } = await t.home.call<{ trust: { bad: number; mean: number } }>(
      "GET",
      `/v1/peers/${liar.peer.peerId}`,
    );
    expect(trust.bad).toBeGreaterThan(0);
    expect(trust.mean).toBeLessThan(0.5);
  });

  test("that are honest are taken, so the others failed for their lies alone", async () => {
    await using liar = await startLiar("truth.told");
    const { id } = await t.home.submit({ skill: "truth.told", input: {}, peer: liar.peer.peerId });
    const { session, request } = await liar.given("truth.told");
    const response = responseTo(request, { answer: 42 });
    const attest = await attested(liar.peer, request, response);
    session.send({ kind: "response", response: { ...response, attest } }, { kind: "response", response });
    expect(await t.home.ended(id)).toMatchObject({
      status: "completed",
      output: { answer: 42 },
      attempts: 1,
    });
  });
});
