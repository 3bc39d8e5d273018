/** `errand task explain` for people: a paragraph, then for each attempt who was considered and why not. */
import type { AttemptRecord, Explanation } from "../src/node/node.ts";
import type { ConsideredPeer, Decision } from "../src/routing/candidate.ts";
import { clean, duration, paint, print, printTable, shortPeer } from "./output.ts";

const headings = [
  "PEER",
  "TOTAL",
  "RTT",
  "SERVICE",
  "UNRELIABLE",
  "DISTRUST",
  "PRICE",
  "TRUST",
  "LOAD",
  "VERDICT",
];

export function printExplanation({ summary, attempts, verification, history }: Explanation): void {
  print(clean(summary));
  for (const attempt of attempts) {
    print("");
    print(paint(attemptLine(attempt), "bold"));
    if (isDecision(attempt.decision)) printDecision(attempt.decision);
  }
  printVerification(verification);
  if (history.length === 0) return;
  print("");
  printTable(
    ["TIME", "FROM", "TO", "ATTEMPT", "PEER", "REASON"],
    history.map(({ at, from, to, attempt, peer, reason }) => [
      new Date(at).toISOString(),
      from,
      to,
      attempt === 0 ? "" : String(attempt),
      shortPeer(peer),
      reason,
    ]),
    "",
  );
}

function printVerification(verdicts: Explanation["verification"]): void {
  if (verdicts.length === 0) return;
  print("");
  print(paint("Verification", "bold"));
  printTable(
    ["ATTEMPT", "PEER", "RULE", "VERDICT", "GROUNDED", "OTHERS", "WHY"],
    verdicts.map(({ attempt, peer, rule, verdict, grounded, others, reason }) => [
      String(attempt),
      shortPeer(peer),
      rule,
      verdict,
      grounded ? "yes" : "no",
      others.map((one) => `${shortPeer(one.peer)} ${one.agreed ? "agrees" : "differs"}`).join(", "),
      reason,
    ]),
    "",
  );
}

function attemptLine({ attempt, peer, outcome, error, startedAt, finishedAt }: AttemptRecord): string {
  const took = finishedAt > 0 ? ` after ${duration(finishedAt - startedAt)}` : "";
  const why = error === undefined ? "" : `: ${error.message} [${error.code}]`;
  return clean(
    `Attempt ${attempt}${peer === "" ? "" : ` on ${peer}`}: ${outcome || "under way"}${took}${why}`,
  );
}

/** The store keeps decisions as JSON: another version may have written them. */
function isDecision(value: unknown): value is Decision {
  const decision = value as Partial<Decision> | null | undefined;
  return Array.isArray(decision?.considered) && Array.isArray(decision.order);
}

function printDecision({ considered, order, how, omitted }: Decision): void {
  print(`Chosen as: ${clean(how)}. Parts of the score are milliseconds of expected time; the least wins.`);
  printTable(
    headings,
    considered.map((peer) => row(peer, order)),
    "Nobody was considered.",
  );
  if (omitted > 0) print(`… and ${omitted} more.`);
}

function row(peer: ConsideredPeer, order: readonly string[]): string[] {
  const { score, load } = peer;
  const ms = (value: number | undefined): string => (value === undefined ? "-" : String(Math.round(value)));
  const place = order.indexOf(peer.peer);
  const verdict = place === 0 ? "chosen" : place > 0 ? `fallback ${place}` : peer.refused || "not needed";
  return [
    peer.local ? "this node" : shortPeer(peer.peer),
    ms(score?.totalMs),
    ms(score?.rttMs),
    ms(score?.serviceMs),
    ms(score?.unreliabilityMs),
    ms(score?.distrustMs),
    ms(score?.priceMs),
    `${peer.trustMean.toFixed(2)} (≥ ${peer.trustLower.toFixed(2)})`,
    `${load.running}/${load.slots}${load.queued > 0 ? ` +${load.queued}` : ""}`,
    verdict,
  ];
}
