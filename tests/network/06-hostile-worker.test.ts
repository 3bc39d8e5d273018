/** A worker that lies: about its own tasks, and about those of others. The submitter believes neither. */
import { describe, expect, test } from "vitest";
import { jsonBody, type Body } from "../../src/core/body.ts";
import { sha256 } from "../../src/core/signatures.ts";
import { createResponseSigner, bodyHash } from "../../src/network/attest.ts";
import type { Explanation, PeerView } from "../../src/node/node.ts";
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

interface Given {
  session: RawSession;
  request: TaskRequest;
}

interface Liar extends AsyncDisposable {
  peer: RawPeer;
  /** The first task it was given, accepted. */
  given(): Promise<Given>;
}

type Answer = (request: TaskRequest, liar: RawPeer) => Promise<TaskResponse>;

/** A raw peer that offers a skill, is known for it to the submitter, and says yes to every task; `answer` is what it says then. */
async function startLiar(skill: string, answer?: Answer): Promise<Liar> {
  const peer = await createRawPeer();
  const given: Given[] = [];
  await peer.handle(cardProtocol, (stream) => stream.abort(new Error("no")));
  await peer.handle(taskProtocol, (stream) => {
    const session = rawSession(stream, (said) => {
      if (said.kind !== "request") return;
      const { request } = said;
      const { taskId, attempt } = request;
      session.send({ kind: "ack", ack: { taskId, attempt, verdict: "accepted", position: 0, load } });
      given.push({ session, request });
      void answer?.(request, peer).then((response) => session.send({ kind: "response", response }));
    });
    session.hello();
  });
  const connection = await peer.connect(t.home.address);
  await tellCard(connection, rawCard(peer.signer, { name: "liar", skills: [skillEntry(skill)] }));
  return {
    peer,
    given: () => until(`a task of ${skill}`, () => given[0]),
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
    const { session, request } = await liar.given();
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
  const lies: [string, Answer][] = [
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
    await using liar = await startLiar("lies.told", lie);
    const { id } = await t.home.submit({ skill: "lies.told", input: {}, peer: liar.peer.peerId });
    const task = await t.home.ended(id);
    expect(task).toMatchObject({
      status: "failed",
      reason: "verification-failed",
      output: null,
      error: { code: "VerificationFailed" },
    });
    const view = await t.home.call<PeerView>("GET", `/v1/peers/${liar.peer.peerId}`);
    expect(view.trust.bad).toBeGreaterThan(0);
    expect(view.trust.mean).toBeLessThan(0.5);
  });

  test("that are a lie go to another peer, which the task gets its result from", async () => {
    await using liar = await startLiar("echo", async (request) => responseTo(request, "made up"));
    await t.home.call("PUT", `/v1/peers/${liar.peer.peerId}/pin`, { body: { trust: 1 } });
    // The liar is the most trusted, so it is asked first, but for a task in many: trust is sampled.
    let attempts: Explanation["attempts"] = [];
    for (let tasks = 0; attempts.length < 2 && tasks < 10; tasks++) {
      const task = await t.home.run({ skill: "echo", input: "the truth" });
      expect(task).toMatchObject({ status: "completed", output: "the truth", peer: t.worker.peerId });
      ({ attempts } = await t.home.explain(task.id));
    }
    expect(attempts.map(({ peer, outcome }) => [peer, outcome])).toEqual([
      [liar.peer.peerId, "failed"],
      [t.worker.peerId, "completed"],
    ]);
  });

  test("that are honest are taken, so the others failed for their lies alone", async () => {
    await using liar = await startLiar("truth.told", async (request, peer) => {
      const response = responseTo(request, { answer: 42 });
      return { ...response, attest: await attested(peer, request, response) };
    });
    const task = await t.home.run({ skill: "truth.told", input: {}, peer: liar.peer.peerId });
    expect(task).toMatchObject({ status: "completed", output: { answer: 42 }, attempts: 1 });
  });
});
