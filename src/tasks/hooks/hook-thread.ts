/**
 * The thread that runs an operator's hooks: a module that loops forever holds this thread and not the node. It imports the
 * module, says which hooks it has, and then does one thing: call and answer.
 */
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import { HOOK_NAMES, type FromHooks, type HookName, type ToHooks } from "./hooks.ts";

type Hook = (argument: unknown) => unknown;

const say = (message: FromHooks): void => parentPort?.postMessage(message);
const messageOf = (error: unknown): string =>
  (error instanceof Error && error.message !== "" ? error.message : String(error)).slice(0, 512);

async function load(path: string): Promise<Partial<Record<HookName, Hook>>> {
  const { default: hooks } = (await import(pathToFileURL(path).href)) as { default?: unknown };
  if (typeof hooks !== "object" || hooks === null) throw new Error("its default export is not an object");
  const known: readonly string[] = HOOK_NAMES;
  for (const [name, hook] of Object.entries(hooks)) {
    if (!known.includes(name)) throw new Error(`"${name}" is no hook; the hooks are ${known.join(", ")}`);
    if (typeof hook !== "function") throw new Error(`"${name}" is not a function`);
  }
  return hooks;
}

async function call(hook: Hook, { id, name, argument }: ToHooks & { kind: "call" }): Promise<void> {
  try {
    const value = await hook(argument);
    // A hook that changes what it was given need not return it.
    if (name === "beforeSubmit") say({ kind: "done", id, value: value ?? argument });
    else if (name === "verifyResult") say({ kind: "done", id, value });
    else say({ kind: "done", id });
  } catch (error) {
    const { code } = Object(error) as { code?: unknown };
    say({ kind: "threw", id, message: messageOf(error), ...(typeof code === "string" && { code }) });
  }
}

// What a hook leaves behind (a promise without a catch, a timer that throws) must not take the others with it.
process.on("unhandledRejection", (error) => console.error(`hooks: ${messageOf(error)}`));
process.on("uncaughtException", (error) => console.error(`hooks: ${messageOf(error)}`));

try {
  const { path } = workerData as { path: string };
  const hooks = await load(path);
  parentPort?.on("message", (message: ToHooks) => {
    if (message.kind === "ping") return say({ kind: "pong" });
    const hook = hooks[message.name];
    if (hook === undefined) say({ kind: "done", id: message.id });
    // With the module's own object as `this`.
    else void call(hook.bind(hooks), message);
  });
  const names = HOOK_NAMES.filter((name) => hooks[name] !== undefined);
  say({ kind: "ready", names });
} catch (error) {
  say({ kind: "broken", message: messageOf(error) });
}
