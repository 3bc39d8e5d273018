/** The local API against whoever else is on this machine: other users, web pages, broken clients. */
import { request } from "node:http";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { useMesh } from "../support/use-mesh.ts";

const t = useMesh(async (mesh) => ({ node: await mesh.start("node") }));

interface Asked {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string;
  /** undefined: the right one; null: none. */
  token?: string | null;
}

interface Answer {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says what it expects
  body: any;
}

/** By node:http, for `fetch` does not let anybody choose the Host header. */
function ask({ method = "GET", path = "/v1/status", headers = {}, body, token }: Asked): Promise<Answer> {
  const { ready, token: right } = t.node.process;
  const bearer = token === undefined ? right : token;
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request(new URL(path, ready.api), {
    method,
    headers: { ...(bearer !== null && { authorization: `Bearer ${bearer}` }), ...headers },
  });
  sent.once("response", (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    response.once("end", () =>
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as unknown }),
    );
  });
  sent.once("error", reject);
  sent.end(body);
  return promise;
}

const json = { "content-type": "application/json" };

describe("who may call", () => {
  test("nobody without the token", async () => {
    for (const token of [null, "", "wrong", "x".repeat(43)]) {
      const { status, body } = await ask({ token });
      expect(status).toBe(401);
      expect(body).toMatchObject({ error: { code: "Unauthorized" } });
      expect(body.error.hint).toMatch(/token/);
      expect(JSON.stringify(body)).not.toContain(t.node.process.token);
    }
  });

  test("no web page that has rebound its name to this machine, even with the token", async () => {
    for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"]) {
      expect(await ask({ headers: { host } })).toMatchObject({
        status: 401,
        body: { error: { code: "Unauthorized" } },
      });
    }
    expect(await ask({ headers: { host: "localhost" } })).toMatchObject({ status: 200 });
  });

  test("and a page of another origin is told nothing it could read", async () => {
    const { ready, token } = t.node.process;
    const response = await fetch(`${ready.api}/v1/status`, {
      headers: { authorization: `Bearer ${token}`, origin: "https://evil.example" },
    });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("what is sent", () => {
  test("a body that is no JSON, or no task, is refused with its reason", async () => {
    const post = (body: string, headers: Record<string, string> = json): Promise<Answer> =>
      ask({ method: "POST", path: "/v1/tasks", headers, body });
    for (const body of [
      "{",
      "",
      "[]",
      "null",
      '"echo"',
      '{"skill": 7}',
      '{"skill": "echo", "prioritty": 1}',
    ]) {
      const answer = await post(body);
      expect(answer.status, body).toBe(400);
      expect(answer.body, body).toMatchObject({ error: { code: "InvalidInput", retryable: false } });
    }
    expect(await post("skill=echo", { "content-type": "application/x-www-form-urlencoded" })).toMatchObject({
      status: 400,
    });
    expect(await post(`{"skill": "echo", "__proto__": {"x": 1}}`)).toMatchObject({ status: 400 });
    expect(await post(`{"skill": "../../etc/passwd"}`)).toMatchObject({ status: 400 });
  });

  test("a body that is too large is refused before it is read", async () => {
    const headers = { ...json, "content-length": String(10 * 2 ** 30) };
    const { ready, token } = t.node.process;
    const { promise, resolve } = Promise.withResolvers<number>();
    const sent = request(new URL("/v1/tasks", ready.api), {
      method: "POST",
      headers: { ...headers, authorization: `Bearer ${token}` },
    });
    sent.on("error", () => undefined);
    sent.once("response", (response) => resolve(response.statusCode ?? 0));
    sent.flushHeaders();
    expect(await promise).toBe(413);
    sent.destroy();
  });

  test("paths that mean to escape lead nowhere", async () => {
    for (const path of [
      "/v1/tasks/..%2f..%2fstatus",
      "/v1/blobs/../../identity.key",
      "/v1/peers/%00",
      "/%2e%2e/",
    ]) {
      expect((await ask({ path })).status, path).toBeGreaterThanOrEqual(400);
    }
  });

  test("what is not even HTTP ends with its own connection", async () => {
    const { port, hostname } = new URL(t.node.process.ready.api);
    const socket = connect(Number(port), hostname);
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.on("error", () => undefined).once("close", () => resolve());
    socket.resume().end(Buffer.from([0x16, 0x03, 0x01, 0, 0, 0xff, 0x0a, 0x0a]));
    await promise;
    expect(await ask({})).toMatchObject({ status: 200 });
  });
});

test("after all that the node still works", async () => {
  expect(await t.node.run({ skill: "echo", input: "alive" })).toMatchObject({
    status: "completed",
    output: "alive",
  });
  expect(t.node.process.running).toBe(true);
});
