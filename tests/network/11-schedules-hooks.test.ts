/** Schedules, webhooks and hooks of real nodes, over kill -9: every due time once, every event at least once. */
import { appendFile, chmod, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import type { ScheduleView, TaskView } from "../../src/node/node.ts";
import type { EventJson } from "../../src/tasks/hooks/events.ts";
import { verifySignature } from "../../src/tasks/hooks/signature.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const secret = "a-secret-that-only-the-two-of-us-know";

interface Delivery {
  event: EventJson;
  body: string;
  signature: string;
  attempt: string;
}

/** An HTTP receiver; `answer` says what becomes of a delivery. */
interface Receiver {
  readonly server: Server;
  readonly url: string;
  readonly deliveries: Delivery[];
  answer: (delivery: Delivery, response: ServerResponse) => void;
  of(type: EventJson["type"], task?: string): Delivery[];
}

async function startReceiver(): Promise<Receiver> {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      const delivery: Delivery = {
        body,
        event: JSON.parse(body) as EventJson,
        signature: String(request.headers["x-errand-signature"]),
        attempt: String(request.headers["x-errand-attempt"]),
      };
      deliveries.push(delivery);
      receiver.answer(delivery, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const receiver: Receiver = {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/errand?token=hidden`,
    deliveries,
    answer: (_delivery, response) => void response.writeHead(204).end(),
    of: (type, task) =>
      deliveries.filter(({ event }) => {
        const { id } = (event.data["task"] ?? {}) as { id?: string };
        return event.type === type && (task === undefined || id === task);
      }),
  };
  return receiver;
}

const t = useMesh(async (mesh) => {
  const receiver = await startReceiver();
  const secretFile = join(mesh.folder, "webhook.secret");
  await writeFile(secretFile, `${secret}\n`);
  await chmod(secretFile, 0o600);
  const notes = join(mesh.folder, "notes");
  await appendFile(notes, "");
  const hooks = join(mesh.folder, "hooks.ts");
  await writeFile(
    hooks,
    `import { appendFileSync } from "node:fs";
     import type { Hooks } from "errand";
     const note = (...what: unknown[]) => appendFileSync(${JSON.stringify(notes)}, what.join(" ") + "\\n");
     const hooks: Hooks = {
       beforeSubmit(submission) {
         if (submission.labels?.hang === "yes") for (;;);
         if (submission.skill === "system.info") throw new Error("not on this site");
         submission.labels = { ...submission.labels, site: "berlin" };
       },
       onChange({ task, from, to }) { note("change", task.id, from, to); },
       beforeRun({ taskId, skill }) { note("before", taskId, skill); },
       afterRun({ taskId, outcome }) { note("after", taskId, outcome); },
       onPeer({ peer, event }) { note("peer", peer, event); },
     };
     export default hooks;`,
  );
  const home = await mesh.start("home", { webhooks: [{ url: receiver.url, secretFile }] });
  const hooked = await mesh.start("hooked", { hooks });
  await mesh.joined(home, hooked);
  return { home, hooked, receiver, notes: async () => (await readFile(notes, "utf8")).trim().split("\n") };
});

afterAll(() => {
  t.receiver.server.closeAllConnections();
  t.receiver.server.close();
});

async function scheduleOf(id: string): Promise<ScheduleView> {
  return t.home.call<ScheduleView>("GET", `/v1/schedules/${id}`);
}

async function tasksOf(schedule: string): Promise<TaskView[]> {
  const query = { label: `schedule=${schedule}`, limit: 1_000 };
  return (await t.home.call<{ tasks: TaskView[] }>("GET", "/v1/tasks", { query })).tasks;
}

describe("a schedule", () => {
  test("on the command line: added, run, looked at, triggered, stopped, removed", async () => {
    const added = await t.home.cli(
      ..."schedule add echo".split(" "),
      '{"n": 1}',
      ..."--every 1s --name ticks --missed skip --label team=a -o json".split(" "),
    ).done;
    expect(added.code).toBe(0);
    expect(added.json).toMatchObject({ name: "ticks", everyMs: 1_000, state: "active", runs: 0 });
    const { id } = added.json as ScheduleView;
    const two = await until("two runs", async () => {
      const tasks = await tasksOf(id);
      return tasks.length >= 2 && tasks;
    });
    expect(await t.home.ended((two.at(-1) as TaskView).id)).toMatchObject({
      status: "completed",
      output: { n: 1 },
      labels: { team: "a", schedule: id },
    });
    expect((await t.home.cli("schedule", "disable", "ticks", "-o", "json").done).json).toMatchObject({
      state: "disabled",
      nextAt: null,
    });
    const { runs } = await scheduleOf("ticks");
    expect(await tasksOf(id)).toHaveLength(runs);
    const triggered = await t.home.cli("schedule", "trigger", "ticks", "-o", "json").done;
    expect(triggered.json).toMatchObject({ labels: { schedule: id } });
    expect((await t.home.cli("schedule", "list", "-o", "json").done).json).toMatchObject({
      schedules: [{ id, runs }],
    });
    expect((await t.home.cli("schedule", "remove", "ticks").done).code).toBe(0);
    const gone = await t.home.cli("schedule", "get", "ticks").done;
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain('there is no schedule "ticks"');
    expect(await tasksOf(id)).toHaveLength(runs + 1);
  });

  test("tells the next times of an expression, and what is wrong with one", async () => {
    const next = await t.home.cli(
      "schedule",
      "next",
      "0 9 * * MON",
      ..."--timezone Europe/Berlin -n 3 -o json".split(" "),
    ).done;
    const times = (next.json as { next: string[] }).next.map((time) => new Date(time));
    expect(times.map((time) => time.getUTCDay())).toEqual([1, 1, 1]);
    const wrong = await t.home.cli("schedule", "add", "echo", "--cron", "61 * * * *").done;
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain("is not a cron expression");
  });

  test("over several kills: every second one task, none twice, none lost", async () => {
    const body = { submission: { skill: "echo", input: 1 }, everyMs: 1_000, missed: "all" };
    const { id, nextAt } = await t.home.call<ScheduleView>("POST", "/v1/schedules", { body });
    const firstAt = Date.parse(nextAt as string);
    // Just before a due time, at it, and in the middle of its commit.
    for (const offsetMs of [-4, 1, 6]) {
      const { runs } = await scheduleOf(id);
      await until("it runs on", async () => (await scheduleOf(id)).runs > runs);
      await delay(1_000 - ((Date.now() - firstAt) % 1_000) + offsetMs);
      await t.home.process.kill();
      await t.home.restart();
    }
    await until("it runs after the last restart", async () => {
      const { lastAt } = await scheduleOf(id);
      return lastAt !== null && Date.now() - Date.parse(lastAt) < 1_500;
    });
    await t.home.call<ScheduleView>("POST", `/v1/schedules/${id}/disable`);
    // A run that was being submitted then still counts.
    await until(
      "each run is one task",
      async () => (await tasksOf(id)).length === (await scheduleOf(id)).runs,
    );
    const { runs, lastAt, skipped } = await scheduleOf(id);
    expect(skipped).toBe(0);
    expect(runs).toBe((Date.parse(lastAt as string) - firstAt) / 1_000 + 1);
    expect(await tasksOf(id)).toHaveLength(runs);
  }, 60_000);
});

describe("a webhook", () => {
  test("gets the life of a task, signed, again after a failure, in order", async () => {
    let failures = 0;
    t.receiver.answer = ({ event }, response) => {
      const { labels } = (event.data["task"] ?? {}) as { labels?: Record<string, string> };
      const fail = event.type === "TaskSubmitted" && labels?.["case"] === "failing" && failures++ < 2;
      response.writeHead(fail ? 500 : 200).end();
    };
    const task = await t.home.run({
      skill: "echo",
      input: { hello: "you" },
      labels: { case: "failing" },
    });
    await until("the end arrives", () => t.receiver.of("TaskCompleted", task.id).length > 0, 20_000);
    const [first, second, third] = t.receiver.of("TaskSubmitted", task.id) as [Delivery, Delivery, Delivery];
    expect([first.attempt, second.attempt, third.attempt]).toEqual(["1", "2", "3"]);
    expect(new Set([first.event.id, second.event.id, third.event.id]).size).toBe(1);
    const [completed] = t.receiver.of("TaskCompleted", task.id) as [Delivery];
    expect(completed.event).toMatchObject({
      node: t.home.peerId,
      data: { result: { hello: "you" }, task: { skill: "echo", status: "completed" } },
    });
    const mine = t.receiver.deliveries.filter(
      ({ event }) => (event.data["task"] as { id?: string } | undefined)?.id === task.id,
    );
    expect([...new Set(mine.map(({ event }) => event.type))]).toEqual([
      "TaskSubmitted",
      "TaskAssigned",
      "TaskCompleted",
    ]);
    for (const { body, signature } of t.receiver.deliveries) {
      expect(verifySignature(secret, body, signature, Date.now())).toBe(true);
      expect(verifySignature(`not ${secret}`, body, signature, Date.now())).toBe(false);
    }
    const { counters } = await t.home.status();
    expect(counters["webhooksSent"]).toBeGreaterThan(0);
  });

  test("gets after a restart what a kill -9 kept from it", async () => {
    // It takes what is sent and answers nothing: nothing is delivered.
    t.receiver.answer = () => undefined;
    const task = await t.home.run({ skill: "echo", input: "kept" });
    await until("a delivery is under way", () => t.receiver.of("TaskSubmitted", task.id).length > 0);
    await t.home.process.kill();
    expect(t.receiver.of("TaskCompleted", task.id)).toEqual([]);
    t.receiver.answer = (_delivery, response) => void response.writeHead(200).end();
    await t.home.restart();
    await until("the end arrives", () => t.receiver.of("TaskCompleted", task.id).length > 0, 20_000);
    const all = t.receiver.of("TaskSubmitted", task.id);
    expect(new Set(all.map(({ event }) => event.id)).size).toBe(1);
    expect(t.receiver.of("TaskCompleted", task.id)[0]?.event.data["result"]).toBe("kept");
  });

  test("is told of peers that come and go", async () => {
    const guest = await t.mesh.start("guest", { builtinSkills: [] });
    const about = (type: EventJson["type"]): boolean =>
      t.receiver.of(type).some(({ event }) => event.data["peer"] === guest.peerId);
    await until("it has joined", () => about("PeerJoined"));
    await guest.process.stop();
    await until("it has left", () => about("PeerLeft"));
  });

  test("has its secret shown to nobody", async () => {
    const config = await t.home.call<{ webhooks: unknown[] }>("GET", "/v1/config");
    expect(config.webhooks).toHaveLength(1);
    expect(JSON.stringify(config)).not.toContain(secret);
    expect(t.mesh.log()).not.toContain("token=hidden");
  });
});

describe("hooks", () => {
  test("change a submission, refuse one, and are told what happens", async () => {
    const task = await t.hooked.run({ skill: "echo", input: 1, peer: t.hooked.peerId });
    expect(task).toMatchObject({ status: "completed", labels: { site: "berlin" } });
    const refused = await t.hooked.cli("submit", "system.info").done;
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("refused by the hook beforeSubmit: not on this site");
    const lines = [
      `change ${task.id} pending queued`,
      `before ${task.id} echo`,
      `after ${task.id} completed`,
      `peer ${t.home.peerId} joined`,
    ];
    await until("all are told", async () => {
      const notes = await t.notes();
      const ended = notes.some((line) => line.startsWith(`change ${task.id}`) && line.endsWith("completed"));
      return ended && lines.every((line) => notes.includes(line));
    });
  });

  test("that loop forever refuse what they were asked, and the node goes on", async () => {
    const hanging = t.hooked.cli("submit", "echo", "--label", "hang=yes").done;
    // The node's own thread is free all the while.
    for (let i = 0; i < 20; i++) expect((await t.hooked.status()).peerId).toBe(t.hooked.peerId);
    const { code, stderr } = await hanging;
    expect(code).not.toBe(0);
    expect(stderr).toContain("the hook beforeSubmit did not answer within 1 s");
    const after = await until("the hooks are back", async () => {
      const task = await t.hooked.run({ skill: "echo", input: 2 });
      return task.labels["site"] === "berlin" && task;
    });
    expect(after.status).toBe("completed");
    expect((await t.hooked.status()).counters).toMatchObject({ hookTimeouts: 1, hookRestarts: 1 });
  });
});
