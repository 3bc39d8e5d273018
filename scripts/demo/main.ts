/**
 * `npm run demo`: five real nodes on this machine, joined through one bootstrap peer, analyse a folder of documents; one is
 * killed half way. Exits with 0 only if every result is right and the killed worker's tasks were recovered.
 *
 *     node scripts/demo/main.ts [-o text|json] [--keep]
 */
import { parseArgs } from "node:util";
import { readDocuments } from "./documents.ts";
import { createMesh, type Mesh, type RunningNode } from "./mesh.ts";
import { home as homeMember, workers as workerMembers } from "./peers.ts";
import { makeReport, type Report } from "./report.ts";
import { collect, killBusiest, outputOf, submitAll, waitForCards, Watch, type Outcome } from "./run.ts";
import { createScreen, progressText, reportText, seconds, type Screen } from "./show.ts";
import { firstRound, secondRound } from "./work.ts";

const usage = `Usage: npm run demo -- [-o text|json] [--keep]

  -o, --output json   print the report as one JSON document
  --keep              leave the mesh running until Ctrl-C, to play with it
`;

/** Longer than it ever takes on a slow machine: something hangs. */
const patienceMs = 90_000;

interface Options {
  json: boolean;
  keep: boolean;
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        output: { type: "string", short: "o", default: "text" },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      return undefined;
    }
    if (values.output !== "text" && values.output !== "json") throw new Error("-o takes text or json");
    return { json: values.output === "json", keep: values.keep };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    process.exitCode = 2;
    return undefined;
  }
}

interface Stage {
  mesh: Mesh;
  screen: Screen;
  signal: AbortSignal;
}

async function startNodes({
  mesh,
  screen,
  signal,
}: Stage): Promise<{ home: RunningNode; workers: RunningNode[] }> {
  const home = await mesh.start(homeMember, [], signal);
  screen.step(`home is up (process ${home.pid}): ${home.addresses[0]}`);
  const workers = await Promise.all(
    workerMembers.map((member) => mesh.start(member, home.addresses, signal)),
  );
  for (const { name, pid, skills } of workers)
    screen.step(`${name} is up (process ${pid}): ${skills.join(", ")}`);
  await waitForCards(home, workers, signal);
  screen.step("home knows all four and what they can do");
  return { home, workers };
}

async function analyse(
  stage: Stage,
  home: RunningNode,
  workers: RunningNode[],
  startedAt: number,
): Promise<Report> {
  const { screen, signal } = stage;
  const joinedAt = performance.now();
  const documents = await readDocuments();
  const names = new Map(workers.map(({ peerId, name }) => [peerId, name]));
  const watch = new Watch(home, (progress) => screen.progress(progressText(progress, names)));
  const jobs = await firstRound(documents, home.client);
  const submittedAt = Date.now();
  const ids = await submitAll(home, jobs, signal);
  screen.step(`${jobs.length} tasks for ${documents.length} documents are submitted at home`);
  const kill = await killBusiest(watch, workers, jobs.length, signal);
  screen.step(
    `kill -9 ${kill.node.pid}: ${kill.node.name} is dead, with ${kill.held.length} tasks in its hands (${kill.done} of ${kill.of} done)`,
  );
  const outcomes = await collect(home, jobs, ids, signal);
  screen.step(`all ${outcomes.length} have an answer`);
  outcomes.push(...(await analyseAnswers(stage, home, documents, outcomes)));
  await watch.stop();
  const now = performance.now();
  const timings = { startAndJoin: joinedAt - startedAt, work: now - joinedAt, all: now - startedAt };
  return makeReport({ home, workers, documents, outcomes, kill, submittedAt, timings });
}

/** The second round, made from the answers of the first. */
async function analyseAnswers(
  { screen, signal }: Stage,
  home: RunningNode,
  documents: Awaited<ReturnType<typeof readDocuments>>,
  outcomes: readonly Outcome[],
): Promise<Outcome[]> {
  // Wrong answers are no basis: the report says what was wrong with them.
  if (outcomes.some(({ problem }) => problem !== "")) return [];
  const outputs = new Map<string, unknown>();
  for (const { job, task } of outcomes)
    outputs.set(`${task.skill} ${job.about}`, await outputOf(home, task, signal));
  const jobs = secondRound(documents, (skill, about) => outputs.get(`${skill} ${about}`));
  const found = await collect(home, jobs, await submitAll(home, jobs, signal), signal);
  screen.step(`${found.length} more tasks, made from those answers, are done`);
  return found;
}

/** Resolves at Ctrl-C. */
async function keepRunning(
  nodes: readonly RunningNode[],
  killed: string,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  const data = (name: string): string => nodes.find((node) => node.name === name)?.dataDir ?? "";
  const alive = nodes.find(({ name }) => name !== "home" && name !== killed);
  screen.step(`the mesh goes on without ${killed}; play with it from another terminal, in this folder:

  export ERRAND_DATA=${data("home")}
  npx errand status
  npx errand peer list
  npx errand skill list
  npx errand run text.keywords @scripts/demo/documents/alice.txt
  npx errand run text.concordance '{"text": "slow but sure", "seconds": 5}'
  npx errand task list
  npx errand task explain ID
  npx errand status --data ${data(alive?.name ?? "home")}

Ctrl-C ends it.`);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Returns the exit code. */
async function run({ json, keep }: Options): Promise<number> {
  const screen = createScreen(json ? process.stderr : process.stdout);
  const interrupt = new AbortController();
  const onSignal = (): void => {
    // The second time at once; the nodes go with this process.
    if (interrupt.signal.aborted) process.exit(130);
    screen.step("ending the nodes");
    interrupt.abort(new Error("interrupted"));
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, onSignal);
  const signal = AbortSignal.any([interrupt.signal, AbortSignal.timeout(patienceMs)]);
  const mesh = await createMesh();
  let ok = false;
  try {
    const startedAt = performance.now();
    const { home, workers } = await startNodes({ mesh, screen, signal });
    const report = await analyse({ mesh, screen, signal }, home, workers, startedAt);
    screen.clear();
    process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report));
    ok = report.ok;
    if (keep) await keepRunning([home, ...workers], report.kill.name, screen, interrupt.signal);
  } catch (error) {
    screen.clear();
    if (!interrupt.signal.aborted) process.stderr.write(`The demo failed: ${describe(error)}\n`);
  } finally {
    const late = await mesh.stop();
    if (late.length > 0) process.stderr.write(`Had to be killed at the end: ${late.join(", ")}\n`);
    const failed = !ok && !interrupt.signal.aborted;
    await mesh.clean({ keepLogs: failed });
    if (failed) process.stderr.write(`The nodes' logs are in ${mesh.logs}\n`);
  }
  if (!ok && interrupt.signal.aborted) return 130;
  return ok ? 0 : 1;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "TimeoutError" ? `not done after ${seconds(patienceMs)}` : error.message;
}

const options = readOptions();
if (options !== undefined) process.exitCode = await run(options);
