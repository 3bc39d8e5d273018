/**
 * The signature of a webhook: `X-Errand-Signature: t=SECONDS,v1=HEX`, where HEX is HMAC-SHA-256 with the shared secret over
 * `SECONDS.BODY`. The scheme is Stripe's, so its receivers' libraries check it; README.md of this folder says how by hand.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export const signatureHeader = "x-errand-signature";

export function sign(secret: string, body: string, atMs: number): string {
  const seconds = Math.floor(atMs / 1_000);
  return `t=${seconds},v1=${mac(secret, body, seconds).toString("hex")}`;
}

/** Whether `header` signs `body`, at most `toleranceMs` ago: what a receiver does. */
export function verifySignature(
  secret: string,
  body: string,
  header: string,
  nowMs: number,
  toleranceMs = 300_000,
): boolean {
  const match = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header);
  if (match === null) return false;
  const seconds = Number(match[1]);
  if (Math.abs(nowMs - seconds * 1_000) > toleranceMs) return false;
  return timingSafeEqual(mac(secret, body, seconds), Buffer.from(match[2] as string, "hex"));
}

function mac(secret: string, body: string, seconds: number): Buffer {
  return createHmac("sha256", secret).update(`${seconds}.${body}`).digest();
}
