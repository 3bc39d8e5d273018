/**
 * The sandboxes of a node: its tiers, and what runs in each. One of these
 * is made with the executors, which share it; nothing starts before it is needed.
 */
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { createCanaries } from "./canary.ts";
import { createJanitor, type Janitor } from "./janitor.ts";
import { createT0, type T0 } from "./t0.ts";
import { openT1, type T1 } from "./t1.ts";
import { createTiers, type Tier, type Tiers } from "./tiers.ts";

export interface Sandboxes {
  /** Exact paths of the programs that the skill `command` may run. */
  readonly commands: readonly string[];
  readonly tiers: Tiers;
  readonly t0: T0;
  readonly janitor: Janitor;
  /** Tier T1, once its canary has passed. Throws `UnsupportedSkill` with the reason when it is missing. */
  t1(): Promise<T1>;
  /** Tier T1 around a T0 child, or undefined where that does not work: T0 holds by itself. */
  around(): Promise<T1 | undefined>;
  /** Tolerates never-started and closed-twice. */
  close(): Promise<void>;
}

export interface SandboxesOptions {
  clock: Clock;
  log: Log;
  /** Exact paths; default: none. */
  commands?: readonly string[];
  /** Whether what peers send to T0 runs inside T1 as well, where that is there; default: yes. */
  harden?: boolean;
  /** Tiers made elsewhere, such as T2. */
  more?: readonly Tier[];
}

export function createSandboxes(options: SandboxesOptions): Sandboxes {
  const { clock, log, commands = [], harden = true, more = [] } = options;
  const janitor = createJanitor();
  const t0 = createT0({ clock, janitor });
  let opening: Promise<T1> | undefined;
  const open = (): Promise<T1> => (opening ??= openT1(janitor));
  const canaries = createCanaries({ t0, openT1: open, clock });
  const tiers = createTiers({ tiers: [...canaries.tiers, ...more], clock, log });
  let closed: Promise<void> | undefined;

  async function close(): Promise<void> {
    await tiers.close();
    await t0.close();
    await opening?.then((t1) => t1.close(), ignore);
    janitor.close();
  }

  return {
    commands,
    tiers,
    t0,
    janitor,
    async t1() {
      const report = await tiers.report("T1");
      if (report.ok) return open();
      throw new ErrandError("UnsupportedSkill", `it needs sandbox tier T1 here: ${report.message}`, {
        hint: report.hint === "" ? "`errand doctor` says what was tried." : report.hint,
      });
    },
    async around() {
      if (!harden) return undefined;
      const report = await tiers.report("T1");
      return report.ok && canaries.hardens() ? open() : undefined;
    },
    close: () => (closed ??= close()),
  };
}

function ignore(): void {}
