/** `errand trust show` and `errand trust explain` for people. */
import type { TrustOverview, TrustPeerExplanation, TrustPeerView } from "../src/node/node.ts";
import { clean, paint, print, printFields, printTable, shortPeer } from "./output.ts";

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const weight = (value: number): string => (value >= 10 ? value.toFixed(0) : value.toFixed(1));

function marks(view: TrustPeerView): string {
  return [
    view.blocked ? "blocked" : "",
    view.pinned === null ? "" : `pinned ${view.pinned}`,
    view.equivocated ? "two-faced" : "",
    view.alarms.length === 0 ? "" : "being checked",
  ]
    .filter((mark) => mark !== "")
    .join(", ");
}

export function showOverview({ peers, own, withheld, held }: TrustOverview): void {
  printTable(
    ["PEER", "NAME", "TRUST", "AT LEAST", "GOOD", "BAD", "RELIABLE", "CREDIBLE", "HEARD", "SAYS", ""],
    peers.map((view) => [
      view.peer,
      view.name,
      view.trust.mean.toFixed(2),
      view.trust.lower.toFixed(2),
      weight(view.trust.good),
      weight(view.trust.bad),
      view.trust.reliability.toFixed(2),
      view.credibility.toFixed(2),
      percent(view.weight),
      view.attestation === null ? "" : String(view.attestation.claims),
      marks(view),
    ]),
    "No peers known.",
  );
  print("");
  print(
    `Attestations of ${held.issuers} issuers are held, with ${held.claims} claims; ${held.silenced} peers are silenced.`,
  );
  print(
    own === null
      ? "This node has said nothing of others."
      : `This node says of ${own.about.map(({ subject, skill, pos, neg }) => `${shortPeer(subject)} at ${skill}: ${pos} good, ${neg} bad`).join("; ") || "nobody anything"} (until ${own.expiresAt}).`,
  );
  if (withheld.length > 0)
    print(`Nothing is said of ${withheld.includes("*") ? "anybody" : withheld.map(shortPeer).join(", ")}.`);
}

export function showPeer(view: TrustPeerView): void {
  const { trust, attestation } = view;
  printFields([
    ["peer", view.peer],
    ["name", view.name],
    ["trust", `${trust.mean.toFixed(2)} (at least ${trust.lower.toFixed(2)})`],
    ["evidence", `${weight(trust.good)} good, ${weight(trust.bad)} bad`],
    ["reliable", trust.reliability.toFixed(2)],
    ["credible", `${view.credibility.toFixed(2)}, ${percent(view.weight)} of what is heard`],
    ["marks", marks(view)],
    ...view.alarms.map(({ skill, reporter, until }): [string, string] => [
      "checked",
      `at ${skill} until ${until}, by an alarm of ${shortPeer(reporter)}`,
    ]),
    [
      "says",
      attestation === null ? "nothing" : `${attestation.claims} things, until ${attestation.expiresAt}`,
    ],
  ]);
}

export function showExplanation(e: TrustPeerExplanation): void {
  const { own, hearsay, posterior, pin } = e;
  const at = e.skill === null ? "over all skills" : `at ${clean(e.skill)}`;
  print(
    `${clean(e.name === "" ? e.peer : `${e.name} (${e.peer})`)} is trusted ${posterior.mean.toFixed(2)} ${at}, at least ${posterior.lower.toFixed(2)}.`,
  );
  print("");
  printTable(
    ["FROM", "GOOD", "BAD", "WHY"],
    [
      [
        "a stranger",
        weight(2 * e.prior),
        weight(2 * (1 - e.prior)),
        `strangers are trusted ${e.prior.toFixed(2)}`,
      ],
      [
        "own evidence",
        weight(own.good),
        weight(own.bad),
        `${weight(own.right)} checked and right, ${weight(own.wrong)} wrong; ${own.valid} right since the last of ${own.badCount} wrong`,
      ],
      ...(e.skill === null
        ? []
        : [["other skills", weight(e.otherSkills.good), weight(e.otherSkills.bad), "count a part of it"]]),
      [
        "what others say",
        weight(hearsay.good),
        weight(hearsay.bad),
        `${hearsay.recommenders.length + hearsay.omitted} who are heard speak of it`,
      ],
      ...(pin === null ? [] : [["your pin", weight(pin.good), weight(pin.bad), `pinned at ${pin.value}`]]),
      [
        "together",
        weight(posterior.a),
        weight(posterior.b),
        `reliability ${posterior.reliability.toFixed(2)}`,
      ],
    ],
    "",
  );
  if (hearsay.recommenders.length > 0) {
    print("");
    printTable(
      ["WHO SAYS IT", "GOOD", "BAD", "CREDIBLE", "HEARD", "PART"],
      hearsay.recommenders.map(({ peer, pos, neg, credibility, weight: heard, share }) => [
        shortPeer(peer),
        String(pos),
        String(neg),
        credibility.toFixed(2),
        percent(heard),
        percent(share),
      ]),
      "",
    );
    if (hearsay.omitted > 0) print(`… and ${hearsay.omitted} more`);
  }
  if (own.verdicts.length > 0) {
    print("");
    printTable(
      ["TIME", "SKILL", "VERDICT", "TASK", "WHY"],
      own.verdicts.map(({ at: time, skill, good, taskId, reason }) => [
        new Date(time).toISOString(),
        skill,
        good ? "good" : "bad",
        taskId,
        reason,
      ]),
      "",
    );
  }
  print("");
  print(
    `Its own word about others is ${e.equivocated ? "not heard: it signed two things under one number" : `credible to ${e.credibility.toFixed(2)}`}.`,
  );
  if (e.blocked) print(paint("It is blocked.", "bold"));
  for (const { skill, reporter, until } of e.alarms)
    print(
      `Its results at ${clean(skill)} are checked until ${until}, by an alarm of ${shortPeer(reporter)}.`,
    );
}
