/** What a check of the doctor is given and gives back. */
import type { GlobalOptions } from "../cli.ts";

export interface Finding {
  ok: boolean;
  message: string;
  /** What to do; "" when there is nothing. */
  hint: string;
}

export interface DoctorContext extends GlobalOptions {
  dataDir: string;
  /** `-c`. */
  config: string | undefined;
  env: NodeJS.ProcessEnv;
}

export function fine(message: string): Finding {
  return { ok: true, message, hint: "" };
}

export function bad(message: string, hint: string): Finding {
  return { ok: false, message, hint };
}

export function failed(error: unknown): Finding {
  const { message, hint = "" } = error as { message?: string; hint?: string };
  return bad(message ?? String(error), hint);
}
