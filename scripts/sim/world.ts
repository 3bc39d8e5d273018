/**
 * The peers of a run: who they are, how fast, where, what they offer, and what the network tells everybody about them
 * (their cards, late as in life). No policy may look at anything else here than cards and distances it has measured.
 */
import type { Random } from "../../src/core/clock.ts";
import type { Load } from "../../src/network/messages.ts";
import type { Candidate } from "../../src/routing/candidate.ts";
import { pick, shuffle, stream } from "./random.ts";
import { pretrusted, slowFactor, speeds, type Setting } from "./setting.ts";
import { WorkerModel } from "./worker-model.ts";

export type NodeKind =
  | "honest"
  | "liar"
  | "spy"
  | "camouflaged"
  | "traitor"
  | "whitewasher"
  | "rider"
  | "hole";

export interface SimNode {
  index: number;
  /** The name it goes by now; a whitewasher changes it. */
  id: string;
  kind: NodeKind;
  /** Asks for work. A provider need not, and a pure client provides none. */
  client: boolean;
  provider: boolean;
  /** Known to be honest by everybody: anchor, pin, and what EigenTrust calls pre-trusted. */
  anchor: boolean;
  skills: number[];
  /** In milliseconds of light: half the distance is the way there. */
  x: number;
  y: number;
  worker: WorkerModel;
  /** What everybody has heard of it, and the load that it said last. */
  card: Card;
  said: Load;
  joined: boolean;
  /** The incumbent that a newcomer resembles; −1 for none. */
  twin: number;
  /** Wrong answers under the present name. */
  lies: number;
}

/** What everybody has heard of a peer, as routing takes it. Its age is read when it is asked for. */
export class Card implements Candidate {
  readonly local = false;
  readonly skillVersion = "1.0.0";
  readonly price = 0;
  readonly resources = resources;
  readonly role = "";
  readonly tags: readonly string[] = [];
  readonly connected = true;
  readonly blocked = false;
  load: Load = { running: 0, slots: 1, queued: 0, serviceMs: 0 };
  heardAt = 0;
  readonly peer: string;
  readonly index: number;
  readonly pin: number | undefined;
  readonly #world: World;

  constructor(peer: string, index: number, pin: number | undefined, world: World) {
    this.peer = peer;
    this.index = index;
    this.pin = pin;
    this.#world = world;
  }

  get loadAgeMs(): number {
    return this.#world.now - this.heardAt;
  }
}

const resources: Candidate["resources"] = {
  cpuCores: 4,
  memoryBytes: 8e9,
  storageBytes: 100e9,
  gpus: [],
  platform: "linux",
  arch: "x64",
  internet: true,
};

/** A liar needs no computing: it answers in half the time of the fastest, many at once. */
const liarSpeed = 0.5;
const liarSlots = 8;
/** The two ends of a map are this far apart, there and back, on top of what every answer takes. */
const mapMs = 80;
const leastRttMs = 5;

export class World {
  readonly setting: Setting;
  readonly nodes: SimNode[] = [];
  /** The cards that everybody has, by skill. */
  readonly offers: Card[][];
  /** By name; a burnt name stays, for what was said of it. */
  readonly byId = new Map<string, SimNode>();
  readonly anchors: SimNode[] = [];
  now = 0;
  readonly #random: Random;
  #names = 0;

  constructor(setting: Setting) {
    this.setting = setting;
    this.#random = stream(setting.seed, "world");
    this.offers = Array.from({ length: setting.skills }, () => []);
    const kinds = kindsOf(setting, this.#random);
    for (const [i, kind] of kinds.entries()) this.#add(kind, true, false, i);
    this.#addNewcomers();
    for (let i = 0; i < setting.clients; i++) this.#add("honest", false, true, i);
    this.#chooseFriends();
    for (const node of this.nodes) if (node.joined && node.provider) this.join(node);
  }

  /** There and back, ms. */
  rttMs(x: SimNode, y: SimNode): number {
    return leastRttMs + mapMs * Math.hypot(x.x - y.x, x.y - y.y);
  }

  /** From now on everybody has its card. */
  join(node: SimNode): void {
    node.joined = true;
    node.card = new Card(node.id, node.index, node.anchor && this.pinned ? 1 : undefined, this);
    node.card.heardAt = this.now;
    node.card.load = { running: 0, slots: node.worker.slots, queued: 0, serviceMs: 0 };
    for (const skill of node.skills) this.offers[skill]?.push(node.card);
  }

  leave(node: SimNode): void {
    node.joined = false;
    for (const skill of node.skills) {
      const list = this.offers[skill] as Card[];
      list.splice(list.indexOf(node.card), 1);
    }
  }

  rename(node: SimNode): void {
    node.id = this.#name();
    node.lies = 0;
    this.byId.set(node.id, node);
  }

  /** Pins are for meshes without an oracle; with one, trust has to come out of nothing. */
  get pinned(): boolean {
    return this.setting.verdicts === "sampled";
  }

  /** Names sort in no order that has to do with what their owners are. */
  #name(): string {
    this.#names += 1;
    return `12D3KooW${Math.floor(this.#random() * 2 ** 32).toString(36)}${this.#names}`;
  }

  #add(kind: NodeKind, provider: boolean, client: boolean, at: number): SimNode {
    const { setting } = this;
    const random = this.#random;
    const bad = kind !== "honest" && kind !== "spy";
    const all = shuffle(
      Array.from({ length: setting.skills }, (_, i) => i),
      random,
    );
    const worker = new WorkerModel(bad ? liarSlots : setting.slots, bad ? liarSpeed : this.#speed(at));
    const node: SimNode = {
      index: this.nodes.length,
      id: this.#name(),
      kind,
      client,
      provider,
      anchor: false,
      skills: all.slice(0, bad ? setting.skillsMalicious : setting.skillsHonest),
      x: random(),
      y: random(),
      worker,
      card: new Card("", 0, undefined, this),
      said: { running: 0, slots: 1, queued: 0, serviceMs: 0 },
      joined: true,
      twin: -1,
      lies: 0,
    };
    this.nodes.push(node);
    this.byId.set(node.id, node);
    return node;
  }

  #speed(at: number): number {
    const { slowShare, nodes } = this.setting;
    if (slowShare > 0) return at < slowShare * nodes ? slowFactor : 1;
    return speeds[at % speeds.length] as number;
  }

  #addNewcomers(): void {
    const incumbents = this.nodes.filter(({ kind }) => kind === "honest");
    for (let i = 0; i < this.setting.newcomers; i++) {
      const twin = pick(incumbents, this.#random);
      const node = this.#add("honest", true, false, 0);
      const { skills, x, y } = twin;
      Object.assign(node, { skills, x, y, joined: false, twin: twin.index });
      node.worker = new WorkerModel(twin.worker.slots, twin.worker.speed);
    }
  }

  /** Who asks, and the first three of them, whom everybody trusts: anchors have a broad offer. */
  #chooseFriends(): void {
    const honest = this.nodes.filter(({ kind, provider, joined }) => kind === "honest" && provider && joined);
    shuffle(honest, this.#random);
    if (this.setting.clients === 0)
      for (const node of honest.slice(0, this.setting.askers)) node.client = true;
    for (const node of honest.slice(0, pretrusted)) {
      node.anchor = true;
      if (this.pinned) {
        node.skills = Array.from({ length: this.setting.skills }, (_, i) => i);
        node.worker = new WorkerModel(4 * this.setting.slots, 1);
      }
      this.anchors.push(node);
    }
  }
}

/** The kind of each provider, in random order. */
function kindsOf(setting: Setting, random: Random): NodeKind[] {
  const bad = Math.round(setting.malicious * setting.nodes);
  const kinds = Array.from({ length: setting.nodes }, (_, i): NodeKind =>
    i < bad ? maliciousKind(setting, i) : "honest",
  );
  return shuffle(kinds, random);
}

function maliciousKind({ threat }: Setting, i: number): NodeKind {
  switch (threat) {
    case "C50":
    case "C80":
      return "camouflaged";
    case "D":
    case "S":
      return i % 3 === 0 ? "spy" : "liar";
    case "W":
      return "whitewasher";
    case "T":
      return "traitor";
    case "F":
      return i % 2 === 0 ? "rider" : "hole";
    default:
      return "liar";
  }
}
