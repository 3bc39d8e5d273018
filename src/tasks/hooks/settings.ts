/** The webhooks of the configuration: checked, and their secrets read. */
import { readFile, stat } from "node:fs/promises";
import { ErrandError } from "../../core/errors.ts";

export const WEBHOOK_EVENTS = [
  "TaskSubmitted",
  "TaskAssigned",
  "TaskProgress",
  "TaskCompleted",
  "TaskFailed",
  "TaskCancelled",
  "PeerJoined",
  "PeerLeft",
  "TrustChanged",
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** Many a second, and worth little a moment later: sent to those who name them. */
const unlessNamed: ReadonlySet<WebhookEvent> = new Set(["TaskProgress", "TrustChanged"]);

/** As in the configuration file. */
export interface WebhookSettings {
  url: string;
  /** All but TaskProgress and TrustChanged when absent. */
  events?: WebhookEvent[];
  /** Only of tasks of these skills; events of peers are not affected. */
  skills?: string[];
  /** A file that only its owner may read. */
  secretFile?: string;
  /** Instead of `secretFile`. */
  secret?: string;
}

export interface WebhookTarget {
  url: string;
  /** Without what may be secret in it; for the log. */
  name: string;
  secret: string;
  events: ReadonlySet<WebhookEvent>;
  skills: ReadonlySet<string> | undefined;
}

const leastSecret = 16;

/** Throws `InvalidConfig`. */
export async function webhookTargets(settings: readonly WebhookSettings[]): Promise<WebhookTarget[]> {
  const targets: WebhookTarget[] = [];
  for (const { url, events, skills, secret, secretFile } of settings) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
      throw wrong(`"${url.slice(0, 100)}" is not a URL`, "Write it like https://example.org/errand.");
    const name = `${parsed.origin}${parsed.pathname}`;
    if (targets.some((target) => target.url === parsed.href))
      throw wrong(`${name} is named twice`, "Give all its events in one entry.");
    if ((secret === undefined) === (secretFile === undefined))
      throw wrong(`${name} needs either secretFile or secret`, "Make one: openssl rand -hex 32 > FILE");
    const key = secret ?? (await readSecret(secretFile as string));
    if (key.length < leastSecret)
      throw wrong(
        `the secret of ${name} has fewer than ${leastSecret} characters`,
        "Make one: openssl rand -hex 32",
      );
    targets.push({
      url: parsed.href,
      name,
      secret: key,
      events: new Set(events ?? WEBHOOK_EVENTS.filter((event) => !unlessNamed.has(event))),
      skills: skills === undefined ? undefined : new Set(skills),
    });
  }
  return targets;
}

async function readSecret(file: string): Promise<string> {
  try {
    const { mode } = await stat(file);
    // Windows has no such bits.
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      throw wrong(`${file} may be read by others`, `chmod 600 ${file}`);
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    if (cause instanceof ErrandError) throw cause;
    throw wrong(`cannot read the secret file ${file}`, "Check the path and its permissions.", cause);
  }
}

function wrong(message: string, hint: string, cause?: unknown): ErrandError {
  return new ErrandError("InvalidConfig", `webhooks: ${message}`, {
    hint,
    details: { path: "webhooks" },
    cause,
  });
}
