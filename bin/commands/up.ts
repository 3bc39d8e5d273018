/** `errand up`: the daemon in the foreground. The only command that loads the node itself. */
import { basename } from "node:path";
import { Option, type Command } from "commander";
import type { ConfigFlags, DaemonReady, NodeConfig } from "../../src/api/daemon.ts";
import { version } from "../../src/core/version.ts";
import { collect, globalOptions, type GlobalOptions } from "../cli.ts";
import { note, paint, print, printJsonLine } from "../output.ts";

interface UpOptions extends GlobalOptions {
  config?: string;
  preset?: "local" | "lan" | "public";
  name?: string;
  network?: string;
  listen?: string[];
  announce?: string[];
  bootstrap?: string[];
  skill?: string[];
  allowCode?: string[];
  role?: string;
  tag?: string[];
  swarmKey?: string;
  logLevel?: string;
}

const examples = `
Examples:
  $ errand up                                        this machine only
  $ errand up --preset lan                           other machines may join
  $ errand up --bootstrap /ip4/192.0.2.7/tcp/4781/p2p/12D3KooW…
  $ errand up --skill ./my-skill.ts --tag gpu        offer a skill of your own
  $ errand up --data /tmp/b --api 127.0.0.1:0 --listen /ip4/127.0.0.1/tcp/0   a second node here

Presets: local (127.0.0.1), lan (all interfaces, finds neighbours by mDNS), public (all interfaces).
A file named errand.yaml in the data folder is read unless -c names another.
`;

export function register(program: Command): void {
  program
    .command("up")
    .description("start a node and stay in the foreground until Ctrl-C or `errand down`")
    .option("-c, --config <file>", "configuration file, YAML or JSON")
    .addOption(new Option("--preset <preset>", "defaults to start from").choices(["local", "lan", "public"]))
    .option("--listen <multiaddr>", "listen there instead of where the preset says; repeatable", collect)
    .option("--announce <multiaddr>", "tell others this address; repeatable", collect)
    .option("--bootstrap <multiaddr>", "a peer to join through, ending in /p2p/PEERID; repeatable", collect)
    .option("--skill <file>", "offer a skill: .ts, .js, .py or .yaml; repeatable", collect)
    .option(
      "--allow-code <who>",
      "let peers send code to be run here, in a sandbox: everyone, pinned, trusted, or a peer; repeatable",
      collect,
    )
    .option("--role <role>", "worker, compute, storage or mobile")
    .option("--tag <tag>", "a tag that tasks can require; repeatable", collect)
    .option("--swarm-key <file>", "key of a private network")
    .option("--name <name>", "a name for people")
    .option("--network <name>", "a network of its own beside others")
    .option("--log-level <level>", "silent, error, warn, info, debug or trace")
    .addHelpText("after", examples)
    .action(async (_options: unknown, command: Command) => {
      const options = globalOptions(command) as UpOptions;
      process.exit(await up(options));
    });
}

/** Resolves with the exit code when the node has stopped and everything is printed. */
async function up(options: UpOptions): Promise<number> {
  const { resolveConfig, runDaemon } = await import("../../src/api/daemon.ts");
  const { supervise } = await import("../../src/api/supervise.ts");
  const { createLog } = await import("../../src/core/log.ts");
  const config = await resolveConfig({ flags: flagsOf(options) });
  const json = options.output === "json";
  const log = createLog(config.logLevel);
  const code = await supervise(
    (signal) =>
      runDaemon(config, {
        signal,
        log,
        onReady: (ready) => (json ? printJsonLine({ event: "ready", ...ready }) : banner(ready, config)),
      }),
    { log, onSignal: () => note("Stopping; once more ends it at once.") },
  );
  if (json) printJsonLine({ event: "stopped" });
  await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
  return code;
}

function flagsOf(options: UpOptions): ConfigFlags {
  const { output: _output, skill, tag, swarmKey, role, logLevel, allowCode, ...same } = options;
  const flags: Record<string, unknown> = {
    ...same,
    skills: skill,
    // One word, or peers.
    allowCode: allowCode?.length === 1 && !allowCode[0]?.startsWith("12D3") ? allowCode[0] : allowCode,
    tags: tag,
    swarmKeyFile: swarmKey,
    role,
    logLevel,
  };
  // What was not typed must not hide what the file says. The values are checked with the rest of the configuration.
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}

function banner(ready: DaemonReady, { name, network, swarmKeyFile }: NodeConfig): void {
  const { peerId, addresses, api, dataDir, skills } = ready;
  print(`${paint("errand", "bold")} ${version}: node "${name}" is up`);
  print(`  peer     ${peerId}`);
  addresses.forEach((address, i) => print(`  ${i === 0 ? "address " : "        "} ${address}`));
  print(`  api      ${api}`);
  print(`  data     ${dataDir}`);
  print(`  skills   ${skills.join(", ") || "none"}`);
  // What another node needs besides the address, or it would be kept out.
  const same = (keyFile = ""): string =>
    (network === "errand" ? "" : ` --network ${network}`) + (keyFile === "" ? "" : ` --swarm-key ${keyFile}`);
  const outside = addresses.find(
    (address) => !/^\/(ip4\/127\.|ip6\/::1\/)/.test(address) && !address.includes("/ws"),
  );
  print("");
  if (outside === undefined) {
    print("Only this machine can reach it; `errand up --preset lan` lets other machines join.");
    if (addresses[0] !== undefined) {
      print("A second node on this machine joins with:");
      print(
        `  errand up --data /tmp/errand-2 --api 127.0.0.1:0 --listen /ip4/127.0.0.1/tcp/0 --bootstrap ${addresses[0]}${same(swarmKeyFile)}`,
      );
    }
  } else {
    print("Another machine joins with:");
    print(`  errand up --preset lan --bootstrap ${outside}${same(swarmKeyFile && basename(swarmKeyFile))}`);
  }
  print("Ctrl-C stops it.");
}
