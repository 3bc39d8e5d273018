/**
 * Who may call the API: programs of this machine that can read the token file. Loopback alone would let in every user
 * and, by DNS rebinding, every web page: hence the token, and hence only host names that mean this machine.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmod, readFile, rm, writeFile, link } from "node:fs/promises";
import { isIP } from "node:net";
import type { FastifyInstance } from "fastify";
import { ErrandError } from "../core/errors.ts";

/** The API's token, made at the first start: 256 random bits in a file that only its owner may read. */
export async function loadToken(file: string): Promise<string> {
  const found = await readToken(file);
  if (found !== undefined) return found;
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
    // A link does not replace: of two first starts at once, both use the token that came first.
    await link(temporary, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
  const made = await readToken(file);
  if (made === undefined) throw new ErrandError("InvalidConfig", `the token file ${file} vanished`);
  return made;
}

async function readToken(file: string): Promise<string | undefined> {
  try {
    const token = (await readFile(file, "utf8")).trim();
    if (!/^[A-Za-z0-9_-]{43,}$/.test(token)) {
      throw new ErrandError("InvalidConfig", `${file} holds no token`, {
        hint: "Delete the file; the next start makes a new token.",
      });
    }
    await chmod(file, 0o600);
    return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Throws `InvalidConfig` unless `host` is this machine's loopback. */
export function checkLoopback(host: string): void {
  if (host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))) return;
  throw new ErrandError("InvalidConfig", `the API does not listen on ${host}: it is for this machine alone`, {
    hint: "Use 127.0.0.1:PORT, and an SSH tunnel to reach it from another machine.",
    details: { path: "api" },
  });
}

/** Refuses requests for other hosts' names, and those without the token, before anything else looks at them. */
export function guard(app: FastifyInstance, token: string): void {
  const expected = digest(token);
  app.addHook("onRequest", (request, _reply, done) => {
    if (!namesThisMachine(request.headers.host)) {
      done(
        new ErrandError("Unauthorized", "the Host header does not name this machine", {
          hint: "Call the API as http://127.0.0.1:PORT.",
        }),
      );
      return;
    }
    if (request.routeOptions.url === "/v1/health") {
      done();
      return;
    }
    const given = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? "")?.[1];
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      done(
        new ErrandError("Unauthorized", given === undefined ? "the token is missing" : "the token is wrong", {
          hint: "Send Authorization: Bearer TOKEN; the token is in api.token in the node's data folder, which --data names for `errand`.",
        }),
      );
      return;
    }
    done();
  });
}

// Of equal length whatever was sent, as the comparison needs.
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function namesThisMachine(header: string | undefined): boolean {
  return header !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(header);
}
