import { expect, test } from "vitest";
import { newTaskId } from "../../../src/core/ids.ts";
import { attemptsOf, attemptsText, insertAttempt, type AttemptRow } from "../../../src/storage/attempts.ts";
import { deleteCard, deleteExpiredCards, loadCards, upsertCard } from "../../../src/storage/cards.ts";
import { loadEvidence, upsertEvidence, type EvidenceRow } from "../../../src/storage/evidence.ts";
import { historyOf, historyText, insertHistory } from "../../../src/storage/history.ts";
import { nextBootEpoch } from "../../../src/storage/meta.ts";
import { deletePeer, loadPeers, upsertPeerPolicy, upsertPeerSeen } from "../../../src/storage/peers.ts";
import {
  deleteResult,
  deleteResultsBefore,
  loadResults,
  putResult,
  type ResultRow,
} from "../../../src/storage/results.ts";
import { finishTask, insertTask, updateTaskState } from "../../../src/storage/tasks.ts";
import { end, newTask } from "./task-rows.ts";
import { temporaryStore } from "./temporary-store.ts";

test("history is numbered in order, for each task by itself and over a restart", async () => {
  const { store, path } = await temporaryStore();
  const [one, other] = [newTaskId(), newTaskId()];
  const entry = { at: 5, from: "queued", to: "assigned", attempt: 1, peer: "peer-a", reason: "" };
  insertHistory(store, one, [{ ...entry, from: "", to: "queued" }], 0);
  insertHistory(store, one, [entry], 1);
  insertHistory(store, other, [entry]);
  await store.close();
  const { store: again } = await temporaryStore({ path });
  insertHistory(again, one, [{ ...entry, to: "running" }]);
  await again.committed();
  const history = await historyOf(again, one);
  expect(history.map(({ seq, to }) => [seq, to])).toEqual([
    [1, "queued"],
    [2, "assigned"],
    [3, "running"],
  ]);
  expect(await historyOf(again, other)).toEqual([{ seq: 1, ...entry }]);
});

test("history is the same whether the number of entries is known or not, for any number at once", async () => {
  const { store } = await temporaryStore();
  const entries = Array.from({ length: 11 }, (_, at) => ({
    at,
    from: `from ${at}`,
    to: `to ${at}`,
    attempt: at,
    peer: `peer ${at}`,
    reason: `reason ${at}`,
  }));
  const [known, unknown] = [newTaskId(), newTaskId()];
  insertHistory(store, known, entries.slice(0, 9), 0);
  insertHistory(store, known, [], 9);
  insertHistory(store, known, entries.slice(9), 9);
  insertHistory(store, unknown, entries);
  await store.committed();
  expect(await historyOf(store, known)).toEqual(
    entries.map((entry, i) => Object.assign({ seq: i + 1 }, entry)),
  );
  expect(await historyOf(store, unknown)).toEqual(await historyOf(store, known));
});

test("attempts are kept in order, those of before the end and those that came with it", async () => {
  const { store } = await temporaryStore();
  const id = newTaskId();
  const row: AttemptRow = {
    attempt: 1,
    peer: "peer-a",
    startedAt: 10,
    finishedAt: 20,
    outcome: "lost",
    error: '{"code":"Lost"}',
    usage: null,
    decision: '{"how":"best"}',
  };
  const first = { ...row, error: { code: "Lost" }, decision: { how: "best" } };
  insertAttempt(store, id, { ...row, attempt: 2 });
  insertAttempt(store, id, row);
  await store.committed();
  expect(await attemptsOf(store, id)).toEqual([first, { ...first, attempt: 2 }]);

  const last = { ...row, outcome: "completed", error: null, usage: '{"wallMs":1}' };
  insertTask(store, newTask({ id }));
  const rows = [
    { ...last, attempt: 3, peer: "peer-b" },
    { ...last, attempt: 4 },
  ];
  finishTask(store, { ...end(id), peer: "peer-a", lastAttempts: attemptsText(rows, "peer-a") });
  await store.committed();
  const done = { ...first, outcome: "completed", error: null, usage: { wallMs: 1 } };
  expect((await attemptsOf(store, id)).slice(2)).toEqual([
    { ...done, attempt: 3, peer: "peer-b" },
    { ...done, attempt: 4 },
  ]);
});

test("history is one whether it is in the task's row or in rows of its own", async () => {
  const { store } = await temporaryStore();
  const id = newTaskId();
  const entry = { at: 5, from: "pending", to: "queued", attempt: 0, peer: "", reason: "" };
  const strange = { ...entry, to: "running", attempt: 1, peer: "peer-a", reason: 'it said "no", \\ \n[1,2]' };
  insertTask(store, { ...newTask({ id }), trail: historyText([entry], 0) });
  updateTaskState(store, { ...newTask({ id }), state: "running" }, historyText([strange, entry], 1));
  await store.committed();
  expect(await historyOf(store, id)).toEqual(
    [entry, strange, entry].map((one, i) => Object.assign({ seq: i + 1 }, one)),
  );

  insertHistory(store, id, [strange], 3);
  insertHistory(store, id, [entry]);
  await store.committed();
  const all = [entry, strange, entry, strange, entry];
  expect(await historyOf(store, id)).toEqual(all.map((one, i) => Object.assign({ seq: i + 1 }, one)));
});

test("entries that came with the end name the peer that the task ended with", async () => {
  const { store } = await temporaryStore();
  const id = newTaskId();
  const entry = { at: 5, from: "running", to: "completed", attempt: 1, peer: "peer-a", reason: "" };
  insertTask(store, newTask({ id }));
  const entries = [{ ...entry, peer: "peer-b" }, { ...entry, peer: "" }, entry];
  finishTask(store, { ...end(id), peer: "peer-a", trail: historyText(entries, 0, "peer-a") });
  await store.committed();
  expect(await historyOf(store, id)).toEqual(entries.map((one, i) => Object.assign({ seq: i + 1 }, one)));
});

test("meeting a peer again leaves the operator's word, and the other way round", async () => {
  const { store } = await temporaryStore();
  upsertPeerPolicy(store, { peer: "peer-a", pin: 0.25, blocked: true, notes: "unkind" });
  upsertPeerSeen(store, { peer: "peer-a", addresses: ["/ip4/127.0.0.1/tcp/1"], name: "ant", lastSeen: 100 });
  upsertPeerSeen(store, { peer: "peer-a", addresses: ["/ip4/127.0.0.1/tcp/2"], name: "bee", lastSeen: 200 });
  upsertPeerSeen(store, { peer: "peer-b", addresses: [], name: "", lastSeen: 50 });
  upsertPeerPolicy(store, { peer: "peer-b", pin: null, blocked: false, notes: "" });
  upsertPeerSeen(store, { peer: "peer-c", addresses: [], name: "", lastSeen: 40 });
  deletePeer(store, "peer-c");
  await store.committed();
  expect(await loadPeers(store)).toEqual([
    {
      peer: "peer-a",
      addresses: ["/ip4/127.0.0.1/tcp/2"],
      name: "bee",
      firstSeen: 100,
      lastSeen: 200,
      pin: 0.25,
      blocked: true,
      notes: "unkind",
    },
    {
      peer: "peer-b",
      addresses: [],
      name: "",
      firstSeen: 50,
      lastSeen: 50,
      pin: null,
      blocked: false,
      notes: "",
    },
  ]);
});

test("evidence is replaced for each peer and skill", async () => {
  const { store } = await temporaryStore();
  const row: EvidenceRow = {
    peer: "peer-a",
    skill: "echo",
    good: 3.75,
    bad: 0,
    badCount: 0,
    reliability: 1,
    updatedAt: 7,
    extra: null,
  };
  upsertEvidence(store, row);
  upsertEvidence(store, { ...row, skill: "sleep" });
  upsertEvidence(store, { ...row, good: 1.875, bad: 4, badCount: 1, updatedAt: 8, extra: "{}" });
  await store.committed();
  expect(await loadEvidence(store)).toEqual([
    { ...row, good: 1.875, bad: 4, badCount: 1, updatedAt: 8, extra: "{}" },
    { ...row, skill: "sleep" },
  ]);
});

test("an older card never replaces a newer one", async () => {
  const { store } = await temporaryStore();
  const card = { peer: "peer-a", signed: Uint8Array.of(1), seq: 5, expiresAt: 500 };
  upsertCard(store, card);
  upsertCard(store, { ...card, signed: Uint8Array.of(2), seq: 4, expiresAt: 900 });
  upsertCard(store, { ...card, peer: "peer-b", expiresAt: 100 });
  upsertCard(store, { ...card, peer: "peer-c" });
  deleteExpiredCards(store, 100);
  deleteCard(store, "peer-c");
  await store.committed();
  expect(await loadCards(store)).toEqual([card]);
  upsertCard(store, { ...card, seq: 6, expiresAt: 900 });
  await store.committed();
  expect(await loadCards(store)).toEqual([{ ...card, seq: 6, expiresAt: 900 }]);
});

test("results wait for their submitters, over pages", async () => {
  const { store } = await temporaryStore();
  const rows: ResultRow[] = Array.from({ length: 150 }, (_, i) => ({
    submitter: `peer-${i % 3}`,
    taskId: newTaskId(),
    attempt: 1,
    response: Uint8Array.of(i),
    createdAt: i,
  }));
  for (const row of rows) putResult(store, row);
  const first = rows[0] as ResultRow;
  putResult(store, { ...first, response: Uint8Array.of(200) });
  deleteResult(store, rows[1] as ResultRow);
  deleteResult(store, { ...(rows[2] as ResultRow), attempt: 2 });
  await store.committed();
  expect(await Array.fromAsync(loadResults(store))).toEqual([
    { ...first, response: Uint8Array.of(200) },
    ...rows.slice(2),
  ]);
  deleteResultsBefore(store, 149);
  await store.committed();
  expect(await Array.fromAsync(loadResults(store))).toEqual(rows.slice(149));
});

test("each start has an epoch of its own", async () => {
  const { store, path } = await temporaryStore();
  expect(await nextBootEpoch(store)).toBe(1);
  expect(await nextBootEpoch(store)).toBe(2);
  await store.close();
  const { store: again } = await temporaryStore({ path });
  expect(await nextBootEpoch(again)).toBe(3);
});
