import { multiaddr } from "@multiformats/multiaddr";
import { pino } from "pino";
import { expect, test } from "vitest";
import { limits } from "../../../src/core/limits.ts";
import { silentLog } from "../../../src/core/log.ts";
import { createAddressBook, type PeerBookRow } from "../../../src/network/address-book.ts";
import { createMissedReport, keepDialling, redialDelayMs } from "../../../src/network/redial.ts";
import { soon, startHost, until } from "./fixtures.ts";
import { manualClock } from "../../support/manual-clock.ts";

test("the redial interval has jitter around ten seconds", () => {
  expect([redialDelayMs(() => 0), redialDelayMs(() => 0.999)].map(Math.round)).toEqual([8_000, 11_996]);
});

test("a bootstrap peer that is away is dialled for ever, one that is there is not", async () => {
  const clock = manualClock();
  const dials: string[] = [];
  const missed: unknown[] = [];
  let back = (): void => {};
  const stop = keepDialling({
    peers: ["away", "there"].map((peer) => ({ peer, address: multiaddr("/ip4/127.0.0.1/tcp/1") })),
    isConnected: (peer) => peer === "there",
    dial: async ({ peer }) => {
      dials.push(peer);
      back();
      throw new Error("refused");
    },
    missed: (...what) => missed.push(what),
    clock,
    random: () => 0.5,
  });
  for (let round = 1; round <= 50; round++) {
    const dialled = new Promise<void>((resolve) => (back = resolve));
    clock.advance(limits.redialMs);
    await dialled;
    // The next round is set once this one has settled.
    await new Promise(setImmediate);
  }
  expect(dials).toEqual(Array.from({ length: 50 }, () => "away"));
  expect(missed).toEqual(dials.map((peer) => [peer, new Error("refused")]));
  stop();
  clock.advance(10 * limits.redialMs);
  expect(dials.length).toBe(50);
});

test("the operator hears once that a bootstrap peer is not reached, and when it is", () => {
  const told: string[] = [];
  const report = createMissedReport(
    [{ peer: "hub", address: multiaddr("/ip4/127.0.0.1/tcp/1") }],
    pino({ level: "warn" }, { write: (line) => told.push((JSON.parse(line) as { msg: string }).msg) }),
  );
  const miss = (): void => report.missed("hub", new Error("refused"));
  report.reached("hub");
  miss();
  miss();
  report.missed("somebody", new Error("refused"));
  report.reached("hub");
  report.reached("hub");
  miss();
  expect(told).toEqual([
    "a bootstrap peer is not reached; it is tried again",
    "the bootstrap peer is reached",
    "a bootstrap peer is not reached; it is tried again",
  ]);
});

test("the address book keeps whom it saw, the latest first, and lets the old go", async () => {
  const clock = manualClock();
  const disk = new Map<string, PeerBookRow>();
  const book = {
    load: async () => [...disk.values()],
    save: (rows: readonly PeerBookRow[]) => {
      for (const row of rows) disk.set(row.peer, row);
    },
  };
  const first = createAddressBook(book, clock, silentLog);
  first.saw("a", ["/ip4/10.0.0.1/tcp/1"]);
  expect(disk.size).toBe(0);
  // Soon after by itself, for whoever is killed.
  clock.advance(limits.addressBookAgeMs);
  expect([...disk.keys()]).toEqual(["a"]);
  first.saw("b", ["/ip4/10.0.0.2/tcp/1"]);
  clock.advance(1_000);
  first.saw(
    "c",
    Array.from({ length: 100 }, (_, i) => `/ip4/10.0.0.3/tcp/${i}`),
  );
  first.saw("never-identified", []);
  await first.flush();
  expect([...disk.keys()]).toEqual(["a", "b", "c"]);
  expect(disk.get("c")?.addresses.length).toBe(limits.addressesPerPeer);

  const second = createAddressBook(book, clock, silentLog);
  expect((await second.recent(new Set())).map(({ peer }) => peer)).toEqual(["c", "b"]);
  expect((await second.recent(new Set(["c"]))).map(({ peer }) => peer)).toEqual(["b"]);
  expect(second.addressesOf("b")).toEqual(["/ip4/10.0.0.2/tcp/1"]);
});

test("a book that cannot be saved does no harm", async () => {
  const book = createAddressBook(
    { load: async () => [], save: () => Promise.reject(new Error("disk full")) },
    manualClock(),
    silentLog,
  );
  book.saw("a", ["/ip4/10.0.0.1/tcp/1"]);
  await expect(book.flush()).resolves.toBeUndefined();
});

test("a node without bootstrap peers finds the mesh again by its address book", async () => {
  const rows: PeerBookRow[] = [];
  const book = {
    load: async () => rows,
    save: (saved: readonly PeerBookRow[]) => void rows.push(...saved),
  };
  const friend = await startHost();
  const before = await startHost({ book });
  await before.dial(friend.addresses()[0] as string, soon());
  await before.stop();
  expect(rows.map(({ peer }) => peer)).toContain(friend.peer);
  const after = await startHost({ book });
  await until(() => after.isConnected(friend.peer), "the friend is connected again");
});
