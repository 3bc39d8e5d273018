import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import type { LookupAll } from "../../../src/skills/guarded-agent.ts";
import { httpRequest } from "../../../src/skills/http-request.ts";
import { problemWith } from "../../../src/skills/schema.ts";
import { runSkill } from "./run-skill.ts";

const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<{ url: string; port: number; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, port, requests };
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function resolvesTo(...addresses: string[]): LookupAll {
  return (_host, _options, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
}

const open = httpRequest({ allow: ["127.0.0.1"] });
const guarded = httpRequest({ allow: [] });

describe("http.request with the operator's exception", () => {
  test("sends method, headers and body, and returns what came", async () => {
    const { url } = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        response.writeHead(201, {
          "content-type": "application/json",
          "x-seen": String(request.headers["x-asked"]),
        });
        response.end(JSON.stringify({ method: request.method, body: Buffer.concat(chunks).toString() }));
      });
    });
    const input = { url, method: "POST", headers: { "X-Asked": "yes" }, body: "hello" };
    const output = await runSkill(open, input);
    expect(output).toMatchObject({ status: 201, url, redirected: false, headers: { "x-seen": "yes" } });
    expect(JSON.parse(output.body ?? "")).toEqual({ method: "POST", body: "hello" });
    expect(problemWith(open.definition.input, input, "input")).toBeUndefined();
    expect(problemWith(open.definition.output, output, "output")).toBeUndefined();
  });

  test("a status of failure is a result; bytes come as base64", async () => {
    const { url } = await serve((_, response) =>
      response.writeHead(404, { "content-type": "application/octet-stream" }).end(Buffer.from([0, 255])),
    );
    expect(await runSkill(open, { url })).toMatchObject({ status: 404, bodyBase64: "AP8=" });
  });

  test("a body that unpacks to more than is wanted ends the request", async () => {
    const { url } = await serve((_, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(2_000_000))),
    );
    await expect(runSkill(open, { url, maxBytes: 100_000 })).rejects.toMatchObject({ code: "LimitExceeded" });
  });

  test("an answer that does not come in time is a failure that may be retried", async () => {
    const { url } = await serve(() => {});
    await expect(runSkill(open, { url, timeout: 0.05 })).rejects.toMatchObject({
      code: "SkillFailed",
      retryable: true,
      message: expect.stringContaining("within 0.05 s"),
    });
  });

  test("a cancel ends it", async () => {
    const stop = new AbortController();
    const { url } = await serve(() => stop.abort(new Error("enough")));
    await expect(runSkill(open, { url }, { signal: stop.signal })).rejects.toThrow("enough");
  });

  test("what steers the connection is refused, and so are credentials in the URL and a GET with a body", async () => {
    const { url, requests } = await serve((_, response) => response.end());
    for (const name of ["Host", "connection", "Transfer-Encoding", "proxy-authorization", "Content-Length"]) {
      await expect(runSkill(open, { url, headers: { [name]: "x" } })).rejects.toMatchObject({
        code: "InvalidInput",
      });
    }
    const withUser = url.replace("//", "//user:secret@");
    await expect(runSkill(open, { url: withUser })).rejects.toThrow("credentials");
    await expect(runSkill(open, { url, body: "x" })).rejects.toThrow("no body");
    await expect(runSkill(open, { url: "ftp://127.0.0.1/" })).rejects.toThrow("http or https");
    expect(requests).toEqual([]);
    expect(problemWith(open.definition.input, { url, method: "CONNECT" }, "input")).toContain("input.method");
  });

  test("redirects within what is allowed are followed", async () => {
    const { url } = await serve((request, response) =>
      request.url === "/to" ? response.end("there") : response.writeHead(302, { location: "/to" }).end(),
    );
    expect(await runSkill(open, { url })).toMatchObject({
      status: 200,
      body: "there",
      redirected: true,
      url: `${url}to`,
    });
    expect(await runSkill(open, { url, redirect: "manual" })).toMatchObject({ status: 302 });
  });
});

describe("http.request by default", () => {
  const refused = { code: "InvalidInput", message: expect.stringContaining("not a public address") };

  test("reaches nothing on this machine, however it is written", async () => {
    const { port, requests } = await serve((_, response) => response.end("secret"));
    const hosts = [
      "127.0.0.1",
      "localhost",
      "127.1",
      "2130706433",
      "0x7f.0.0.1",
      "0.0.0.0",
      "[::1]",
      "[::ffff:127.0.0.1]",
    ];
    for (const host of hosts) {
      await expect(runSkill(guarded, { url: `http://${host}:${port}/` }), host).rejects.toMatchObject(
        refused,
      );
    }
    expect(requests).toEqual([]);
  });

  test.each(["10.0.0.1", "192.168.0.1", "169.254.169.254", "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]"])(
    "refuses %s",
    async (host) => {
      await expect(runSkill(guarded, { url: `http://${host}/` })).rejects.toMatchObject(refused);
    },
  );

  test("a name that resolves to a private address is refused, even beside a public one", async () => {
    const { port, requests } = await serve((_, response) => response.end("secret"));
    for (const addresses of [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"]]) {
      const skill = httpRequest({ allow: [], lookup: resolvesTo(...addresses) });
      await expect(runSkill(skill, { url: `http://rebind.example:${port}/` })).rejects.toMatchObject(refused);
    }
    expect(requests).toEqual([]);
  });

  test("a name that was good when it was looked up first gains nothing by changing", async () => {
    const { port, requests } = await serve((request, response) =>
      request.url === "/"
        ? response
            .writeHead(302, { location: `http://rebind.example:${port}/again`, connection: "close" })
            .end()
        : response.end("secret"),
    );
    // The operator allows the first answer; the second is another address of this machine.
    const answers = ["127.0.0.1", "127.0.0.2"];
    const lookup: LookupAll = (host, options, done) => resolvesTo(answers.shift() ?? "")(host, options, done);
    const skill = httpRequest({ allow: ["127.0.0.1"], lookup });
    await expect(runSkill(skill, { url: `http://rebind.example:${port}/` })).rejects.toMatchObject(refused);
    expect(requests).toEqual(["GET /"]);
    expect(answers).toEqual([]);
  });

  test("a redirect to a private address is refused", async () => {
    const inner = await serve((_, response) => response.end("secret"));
    const outer = await serve((_, response) => response.writeHead(302, { location: inner.url }).end());
    const skill = httpRequest({ allow: [`127.0.0.1:${outer.port}`] });
    await expect(runSkill(skill, { url: outer.url })).rejects.toMatchObject(refused);
    expect(outer.requests).toHaveLength(1);
    expect(inner.requests).toEqual([]);
  });
});
