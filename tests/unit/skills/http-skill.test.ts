import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { httpSkill } from "../../../src/skills/http-skill.ts";
import type { HttpSpec } from "../../../src/skills/http-spec.ts";
import { loadSkills } from "../../../src/skills/load.ts";
import type { SkillContext } from "../../../src/skills/skill.ts";
import { runSkill } from "./run-skill.ts";

const servers: Server[] = [];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "errand-http-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true });
});

/** Answers with what it was asked, or as its path says. */
async function serve(): Promise<string> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const json = (status: number, value: unknown): void => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(value));
      };
      const { method, url = "", headers } = request;
      if (url.startsWith("/moved")) return response.writeHead(302, { location: "/elsewhere" }).end();
      if (url.startsWith("/refuse"))
        return json(403, { error: { message: `bad key ${headers.authorization}` } });
      if (url.startsWith("/down")) return json(503, {});
      if (url.startsWith("/bytes"))
        return response.writeHead(200, { "content-type": "image/png" }).end("PNG");
      if (url.startsWith("/text"))
        return response.writeHead(200, { "content-type": "text/plain" }).end("words");
      if (url.startsWith("/hang")) return undefined;
      return json(200, {
        method,
        url,
        body,
        key: headers.authorization,
        note: headers["x-note"],
        list: [{ n: 1 }],
      });
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const definition = { id: "t.x", version: "1.0.0", description: "d", input: true, output: true };
const run = (spec: HttpSpec, input: unknown, parts: Partial<SkillContext> = {}) =>
  runSkill(httpSkill(definition, spec, []), input, parts);

describe("an endpoint as a skill", () => {
  test("request from the input, output by JSON pointers", async () => {
    const url = await serve();
    const spec: HttpSpec = {
      url: `${url}/v1/\${input.city}`,
      query: { q: { $ref: "input.q" }, none: { $ref: "input.none" } },
      headers: { "X-Note": "for ${input.city}" },
      body: { text: { $ref: "input.q" } },
      result: { asked: "/url", how: "/method", sent: "/body", note: "/note", first: "/list/0/n" },
    };
    expect(await run(spec, { city: "Bad Honnef", q: "a&b" })).toEqual({
      asked: "/v1/Bad%20Honnef?q=a%26b",
      how: "POST",
      sent: '{"text":"a&b"}',
      note: "for Bad Honnef",
      first: 1,
    });
    expect(await run({ url, result: "/method" }, {})).toBe("GET");
    await expect(run({ url, result: "/none" }, {})).rejects.toThrow("nothing at /none");
  });

  test("text is a text, and bytes can be a file", async () => {
    const url = await serve();
    expect(await run({ url: `${url}/text` }, {})).toBe("words");
    const file = (path: string, type: string) => ({ $file: path, type });
    const output = await run({ url: `${url}/bytes`, result: "file" }, {}, { scratchDir: folder, file });
    expect(output).toEqual({ $file: "response", type: "image/png" });
    expect(await readFile(join(folder, "response"), "utf8")).toBe("PNG");
  });

  test("a header cannot begin another one", async () => {
    const url = await serve();
    const spec = { url, headers: { "x-note": "${input.a}" } };
    await expect(run(spec, { a: "x\r\nauthorization: y" })).rejects.toMatchObject({ code: "InvalidInput" });
  });

  test("the key is read when needed, sent, and never repeated", async () => {
    const url = await serve();
    const keyFile = join(folder, "key");
    await writeFile(keyFile, "sesame-123\n");
    expect(await run({ url, token: { file: keyFile }, result: "/key" }, {})).toBe("Bearer sesame-123");
    const refused = run({ url: `${url}/refuse`, token: { file: keyFile } }, {});
    await expect(refused).rejects.toMatchObject({ code: "SkillFailed", retryable: false });
    await expect(refused).rejects.toThrow(/answered 403: bad key Bearer …$/);
    await expect(run({ url, token: { file: join(folder, "none") } }, {})).rejects.toThrow("is not there");
  });

  test("what may help later is worth another try, redirects are not followed", async () => {
    const url = await serve();
    await expect(run({ url: `${url}/down` }, {})).rejects.toMatchObject({ retryable: true });
    await expect(run({ url: `${url}/moved` }, {})).rejects.toThrow("answered 302");
    await expect(run({ url: "http://127.0.0.1:1/" }, {})).rejects.toMatchObject({
      code: "SkillFailed",
      retryable: true,
    });
  });

  test("a cancel ends the request", async () => {
    const url = await serve();
    const stop = new AbortController();
    const running = run({ url: `${url}/hang` }, {}, { signal: stop.signal });
    const reason = new Error("enough");
    setImmediate(() => stop.abort(reason));
    await expect(running).rejects.toBe(reason);
  });

  test("a response larger than allowed is cut off", async () => {
    const url = await serve();
    await expect(run({ url, maxBytes: 10 }, {})).rejects.toMatchObject({ code: "LimitExceeded" });
  });
});

describe("its declaration", () => {
  const head = "id: my.x\nversion: 1.0.0\ndescription: d\ninput: true\noutput: true\n";
  const load = async (yaml: string) => {
    await writeFile(join(folder, "x.yaml"), yaml);
    return loadSkills(["x.yaml"], { cwd: folder });
  };

  test("paths of keys are relative to the file", async () => {
    const [skill] = await load(`${head}http: { url: "https://h/\${input.a}", token: { file: ./key } }\n`);
    expect(skill?.source).toMatchObject({ kind: "http", http: { token: { file: join(folder, "key") } } });
  });

  test.each([
    ["https://${input.host}/x", "http.url"],
    ["https://h:${input.port}/", "http.url"],
    ["https://user:word@h/", "http.url"],
    ["ftp://h/", "http.url"],
  ])("the input has no say in where it goes: %s", async (url, place) => {
    await expect(load(`${head}http: { url: "${url}" }\n`)).rejects.toThrow(place);
  });

  test("unknown fields are named", async () => {
    await expect(load(`${head}http: { url: "http://h/", methd: GET }\n`)).rejects.toThrow('"methd"');
    await expect(load(`${head}http: { url: "http://h/" }\ncheap: true\n`)).rejects.toThrow("cannot be cheap");
  });
});
