/** What the routes of trust do with the node. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ErrandError } from "../../../src/core/errors.ts";
import type { TrustExport, TrustGraph, TrustOverview, TrustPeerExplanation } from "../../../src/node/node.ts";
import { startFakeApi, type FakeApi } from "../../support/fake-api.ts";
import { fakePeer, otherPeer } from "../../support/fake-views.ts";

let api: FakeApi;

beforeEach(async () => {
  api = await startFakeApi();
});

afterEach(() => api.close());

const get = <T>(path: string, query = {}): Promise<T> => api.client.call<T>("GET", path, { query });
const post = <T>(path: string, body: unknown, query = {}): Promise<T> =>
  api.client.call<T>("POST", path, { body, query });
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: ErrandError) => error.code,
  );

test("all peers, one explained by a shortened id, and the graph", async () => {
  const overview = await get<TrustOverview>("/v1/trust");
  expect(overview.peers.map(({ name }) => name)).toEqual(["lab", "den"]);
  expect(overview.own?.about).toEqual([{ subject: otherPeer, skill: "echo", pos: 12, neg: 0 }]);
  const why = await get<TrustPeerExplanation>(`/v1/trust/${otherPeer.slice(-6)}`, { skill: "echo" });
  expect([why.peer, why.skill]).toEqual([otherPeer, "echo"]);
  expect(await codeOf(get("/v1/trust/nobody-here"))).toBe("NotFound");
  const graph = await get<TrustGraph>("/v1/trust/graph", { nodes: 2 });
  expect([graph.nodes.map(({ peer }) => peer), graph.omitted]).toEqual([[fakePeer, otherPeer], 1]);
  expect(await codeOf(get("/v1/trust/graph", { nodes: 0 }))).toBe("InvalidInput");
});

describe("taken along", () => {
  test("what one node exports another takes", async () => {
    const exported = await get<TrustExport>("/v1/trust/export");
    expect(await post("/v1/trust/import", exported)).toMatchObject({
      pins: 1,
      blocks: 1,
      attestations: { new: 1 },
    });
    await post("/v1/trust/import", { errand: "trust/1" }, { evidence: true });
    expect(api.node.decisions).toEqual(["import 1 pins", "import 0 pins with evidence"]);
  });

  test.each([
    ["no version", {}],
    ["another version", { errand: "trust/2" }],
    ["an unknown field", { errand: "trust/1", secrets: [] }],
    ["a pin above 1", { errand: "trust/1", pins: [{ peer: otherPeer, trust: 1.5 }] }],
    ["bytes that are none", { errand: "trust/1", attestations: ["%%%"] }],
    ["a peer that is no text", { errand: "trust/1", blocks: [7] }],
  ])("%s is refused", async (_what, body) => {
    expect(await codeOf(post("/v1/trust/import", body))).toBe("InvalidInput");
    expect(api.node.decisions).toEqual([]);
  });
});

test("revoke takes back what is said of peers, and undo lets the node speak again", async () => {
  const said = await post<TrustOverview>("/v1/trust/revoke", { peers: [otherPeer.slice(-6), "*"] });
  expect(said.withheld).toEqual([otherPeer, "*"]);
  expect((await post<TrustOverview>("/v1/trust/revoke", { peers: ["*"], undo: true })).withheld).toEqual([
    otherPeer,
  ]);
  expect(await codeOf(post("/v1/trust/revoke", { peers: [] }))).toBe("InvalidInput");
});

test("changes of trust are streamed to who asks for them", async () => {
  const stop = new AbortController();
  const events = api.client.events("/v1/events?trust=true", { signal: stop.signal });
  const first = events.next();
  // Until the stream is open nobody hears: it is said until it is heard.
  const timer = setInterval(
    () => api.node.trustChanged({ peer: otherPeer, skill: "echo", good: 3, bad: 0, reliability: 1 }),
    20,
  );
  try {
    const { value } = await first;
    expect(value).toMatchObject({ event: "TrustChanged" });
    expect(JSON.parse(value?.data ?? "")).toMatchObject({ peer: otherPeer, good: 3 });
  } finally {
    clearInterval(timer);
    stop.abort();
  }
});
