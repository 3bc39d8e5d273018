/** The API over real sockets in front of a fake node: who may call, and what happens to what is wrong. */
import { stat } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ErrandError, ERROR_CODES, type ErrorJson } from "../../../src/core/errors.ts";
import { silentLog } from "../../../src/core/log.ts";
import { dataFiles } from "../../../src/node/data-folder.ts";
import { startApi } from "../../../src/api/server.ts";
import { startFakeApi, type FakeApi } from "../../support/fake-api.ts";
import { createFakeNode } from "../../support/fake-node.ts";

let api: FakeApi;

beforeEach(async () => {
  api = await startFakeApi();
});

afterEach(() => api.close());

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: { error?: ErrorJson; [key: string]: unknown };
}

function call(
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string; token?: string | null } = {},
): Promise<Answer> {
  const { headers = {}, body, token = api.token } = options;
  return new Promise((resolve, reject) => {
    const sent = request(api.url + path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const { statusCode = 0, headers } = response;
      text(response)
        .then((content) => resolve({ status: statusCode, headers, body: JSON.parse(content) }))
        .catch(reject);
    });
    sent.end(body);
  });
}

const submit = (body: unknown, path = "/v1/tasks"): Promise<Answer> =>
  call("POST", path, { body: JSON.stringify(body) });

describe("who may call", () => {
  test("nobody without the token, everywhere but at health", async () => {
    for (const path of ["/v1/status", "/v1/tasks", "/v1/openapi.json", "/v1/nothing", "/"]) {
      const { status, body } = await call("GET", path, { token: null });
      expect([path, status, body.error?.code]).toEqual([path, 401, "Unauthorized"]);
    }
    expect(await call("GET", "/v1/health", { token: null })).toMatchObject({
      status: 200,
      body: { status: "ok" },
    });
  });

  test.each(["wrong", "x".repeat(43), ""])("not with the token %j", async (token) => {
    expect((await call("GET", "/v1/status", { token })).status).toBe(401);
  });

  test.each(["evil.example", "evil.example:4780", "127.0.0.1.evil.example", "localhost.evil", "10.0.0.1"])(
    "not under the host name %s, even with the token: DNS rebinding",
    async (host) => {
      const { status, body } = await call("GET", "/v1/health", { headers: { host } });
      expect([status, body.error?.code]).toEqual([401, "Unauthorized"]);
      expect(body.error?.message).toContain("Host header");
    },
  );

  test.each(["localhost", "localhost:1", "127.0.0.1:4780", "[::1]:4780"])("under %s", async (host) => {
    expect((await call("GET", "/v1/status", { headers: { host } })).status).toBe(200);
  });

  test("no other origin is told that it may read", async () => {
    const { headers } = await call("GET", "/v1/status", { headers: { origin: "http://evil.example" } });
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  test("the token is 256 bits in a file of mode 0600", async () => {
    expect(Buffer.from(api.token, "base64url")).toHaveLength(32);
    expect((await stat(dataFiles(api.dataDir).tokenFile)).mode & 0o777).toBe(0o600);
  });

  test.each(["0.0.0.0", "192.168.1.1", "::", "example.com", "127.evil.example"])(
    "listening on %s is refused",
    async (host) => {
      const options = { node: createFakeNode(), port: 0, token: "t", log: silentLog, onShutdownRequest() {} };
      await expect(startApi({ ...options, host })).rejects.toMatchObject({ code: "InvalidConfig" });
    },
  );

  test("a port in use is a Conflict with a way out", async () => {
    const options = { node: createFakeNode(), token: "t", log: silentLog, onShutdownRequest() {} };
    const port = Number(new URL(api.url).port);
    await expect(startApi({ ...options, host: "127.0.0.1", port })).rejects.toMatchObject({
      code: "Conflict",
      hint: expect.stringContaining("--api"),
    });
  });
});

describe("wrong requests are refused with a code and leave the node up", () => {
  afterEach(async () => expect((await call("GET", "/v1/health")).status).toBe(200));

  test.each<[string, unknown, string]>([
    ["no skill", {}, "skill"],
    ["no object", [], "object"],
    ["a text", "echo", "object"],
    ["a bad priority", { skill: "echo", priority: 256 }, "priority"],
    ["a bad priority name", { skill: "echo", priority: "asap" }, "priority"],
    ["negative retries", { skill: "echo", retries: -1 }, "retries"],
    ["retries twice", { skill: "echo", retries: 1, retry: { retries: 2 } }, "retries"],
    ["an unknown rule", { skill: "echo", verify: { luck: 1 } }, "luck"],
    ["a share over 1", { skill: "echo", verify: { spotCheck: 2 } }, "spotCheck"],
    ["the node's own mark", { skill: "echo", check: "replica" }, "check"],
    ["trust over 1", { skill: "echo", minTrust: 1.5 }, "minTrust"],
    ["a number as text", { skill: "echo", attemptTimeoutMs: "5" }, "attemptTimeoutMs"],
    [
      "two inputs",
      { skill: "echo", input: 1, inputBlob: { hash: "a".repeat(64), sizeBytes: 1, type: "a/b" } },
      "inputBlob",
    ],
    ["a bad hash", { skill: "echo", inputBlob: { hash: "z", sizeBytes: 1, type: "a/b" } }, "inputBlob.hash"],
    [
      "a header in a type",
      { skill: "echo", inputBlob: { hash: "a".repeat(64), sizeBytes: 1, type: "a/b\r\nx: y" } },
      "inputBlob.type",
    ],
    ["unknown requirements", { skill: "echo", requirements: { cpus: 4 } }, "cpus"],
  ])("%s", async (_name, body, expected) => {
    const answer = await submit(body);
    expect([answer.status, answer.body.error?.code]).toEqual([400, "InvalidInput"]);
    expect(answer.body.error?.message).toContain(expected);
    expect(answer.body.error?.hint).toBeTruthy();
    expect(api.node.submissions).toEqual([]);
  });

  test("a misspelt field names the right one", async () => {
    expect((await submit({ skill: "echo", prioritty: 1 })).body.error?.hint).toBe('Did you mean "priority"?');
  });

  test.each<[string, Parameters<typeof call>[2]]>([
    ["broken JSON", { body: '{"skill": ' }],
    ["nothing", { body: "" }],
    ["a prototype", { body: '{"skill":"echo","input":{"__proto__":{"x":1}}}' }],
    ["another type", { body: "<x/>", headers: { "content-type": "text/xml" } }],
  ])("a body that is %s", async (_name, options) => {
    const { status, body } = await call("POST", "/v1/tasks", options);
    expect([status, body.error?.code]).toEqual([400, "InvalidInput"]);
  });

  test.each([
    "/v1/tasks?limit=0",
    "/v1/tasks?limit=many",
    "/v1/tasks?state=lost-in-space",
    "/v1/tasks?unknown=1",
    "/v1/tasks?label=nothing",
    "/v1/tasks/not-an-id!",
    "/v1/tasks/%00%00%00%00",
    "/v1/blobs/xyz",
    "/v1/tasks/%zz",
    "/v1/skills/echo/providers?timeout=1000000",
  ])("GET %s", async (path) => {
    const { status, body } = await call("GET", path);
    expect([status, body.error?.code]).toEqual([400, "InvalidInput"]);
  });

  test("unknown things are NotFound, unknown routes too", async () => {
    for (const path of [
      "/v1/tasks/0123abcd",
      "/v1/peers/nobody",
      "/v1/skills/none",
      `/v1/blobs/${"0".repeat(64)}`,
      "/v1/x",
    ]) {
      const { status, body } = await call("GET", path);
      expect([path, status, body.error?.code]).toEqual([path, 404, "NotFound"]);
    }
  });

  test("a body over the limit is LimitExceeded, by its announced length", async () => {
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${api.token}\r\n` +
        "Content-Type: application/json\r\nContent-Length: 99999999\r\n\r\n{",
    );
    const answer = await text(socket);
    expect(answer).toContain("413");
    expect(answer).toContain("LimitExceeded");
  });

  test("the node's own errors keep code, hint and details; retryAfter becomes a header", async () => {
    api.node.failNextSubmit(
      new ErrandError("QueueFull", "1000 tasks wait", { retryAfterMs: 1_500, details: { band: 1 } }),
    );
    const { status, headers, body } = await submit({ skill: "echo" });
    expect(status).toBe(429);
    expect(headers["retry-after"]).toBe("2");
    expect(body.error).toEqual({
      code: "QueueFull",
      message: "1000 tasks wait",
      retryable: true,
      retryAfterMs: 1_500,
      details: { band: 1 },
    });
  });

  test("what nobody expected tells the caller nothing of the inside", async () => {
    api.node.failNextSubmit(new TypeError("secret path /srv/x"));
    const { status, body } = await submit({ skill: "echo" });
    expect([status, body.error?.code]).toEqual([500, "Internal"]);
    expect(JSON.stringify(body)).not.toContain("secret");
  });
});

describe("the OpenAPI document", () => {
  test("is 3.1, names every route and every error code", async () => {
    const { body } = await call("GET", "/v1/openapi.json");
    const { openapi, paths, components } = body as {
      openapi: string;
      paths: Record<string, object>;
      components: { schemas: Record<string, object> };
    };
    expect(openapi).toBe("3.1.0");
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        "/v1/blobs",
        "/v1/blobs/{hash}",
        "/v1/config",
        "/v1/events",
        "/v1/health",
        "/v1/peers",
        "/v1/peers/connect",
        "/v1/peers/{id}",
        "/v1/peers/{id}/block",
        "/v1/peers/{id}/pin",
        "/v1/shutdown",
        "/v1/skills",
        "/v1/skills/{id}",
        "/v1/skills/{id}/providers",
        "/v1/status",
        "/v1/tasks",
        "/v1/tasks/{id}",
        "/v1/tasks/{id}/cancel",
        "/v1/tasks/{id}/events",
        "/v1/drain",
        "/v1/tasks/{id}/explain",
        "/v1/tasks/{id}/history",
        "/v1/tasks/{id}/move",
        "/v1/tasks/{id}/pause",
        "/v1/tasks/{id}/resume",
        "/v1/tasks/{id}/retry",
        "/v1/tasks/{id}/rerun",
        "/v1/tasks/{id}/output",
        "/v1/tasks/{id}/wait",
      ]),
    );
    const document = JSON.stringify(body);
    for (const code of ERROR_CODES) expect(document).toContain(code);
    const refs = [...document.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
    expect(new Set(refs)).toEqual(new Set(Object.keys(components.schemas)));
  });
});
