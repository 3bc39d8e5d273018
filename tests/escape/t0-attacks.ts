/** Scripts and modules that try to get out of tier T0, in a real node: JavaScript, Python and WebAssembly as a peer would send them. */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import wabt from "wabt";
import { jsonBody } from "../../src/core/body.ts";
import { systemClock } from "../../src/core/clock.ts";
import { createLog } from "../../src/core/log.ts";
import { codeSkills } from "../../src/skills/code-skills.ts";
import type { ErrandError } from "../../src/core/errors.ts";
import type { TaskView } from "../../src/node/node.ts";
import type { OfferedSkill } from "../../src/skills/skill.ts";
import type { Executor } from "../../src/worker/executor.ts";
import { createScriptExecutor } from "../../src/worker/executors/script.ts";
import { createWasmExecutor } from "../../src/worker/executors/wasm.ts";
import { createSandboxes } from "../../src/worker/sandbox/sandboxes.ts";
import {
  commandLines,
  secret,
  startAttackedNode,
  type Attack,
  type AttackedNode,
} from "../support/attacked-node.ts";

/** T1 would hide what T0 lets through: the same attacks on T0 by itself, next to the same node. */
function attackAlone(): { attack: AttackedNode["attack"]; close: () => Promise<void> } {
  const sandboxes = createSandboxes({ clock: systemClock, log: createLog("silent"), harden: false });
  const executors = [
    createScriptExecutor({ sandboxes, clock: systemClock }),
    createWasmExecutor({ sandboxes, clock: systemClock }),
  ];
  return {
    async attack(id, input) {
      const skill = codeSkills.find(({ definition }) => definition.id === id) as OfferedSkill;
      const executor = executors.find((one) => one.canExecute(skill)) as Executor;
      const start = performance.now();
      const ended = await executor
        .execute(
          { id: "t", skill, input: jsonBody(input), outputBytes: 1024 ** 2 },
          {
            signal: new AbortController().signal,
            deadline: Date.now() + 60_000,
            scratchDir: "/nonexistent/errand",
            progress() {},
            log() {},
          },
        )
        .catch((error: ErrandError) => ({ error: error.toJSON() }));
      const failed = "error" in ended ? ended.error : null;
      const output: unknown =
        "error" in ended ? null : JSON.parse(Buffer.from(ended.output.bytes ?? []).toString());
      return {
        task: { output, error: failed } as TaskView,
        text: JSON.stringify({ output, failed }),
        code: failed?.code ?? "",
        usage: "error" in ended ? undefined : ended.usage,
        durationMs: performance.now() - start,
      };
    },
    close: () => sandboxes.close(),
  };
}

/** Each of the two ways has a test file of its own. */
export function attackT0({ alone }: { alone: boolean }): void {
  let it: AttackedNode;
  let attack: AttackedNode["attack"];
  let close = (): Promise<void> => Promise.resolve();
  beforeAll(async () => {
    it = await startAttackedNode({});
    ({ attack } = it);
    if (alone) ({ attack, close } = attackAlone());
    await attack("script.run", { language: "javascript", code: "return 1" });
  }, 60_000);
  afterAll(async () => {
    await close();
    await it?.stop();
  });

  const javascript = (code: string, limits: object = {}, input: unknown = null): Promise<Attack> =>
    attack("script.run", { language: "javascript", code, input, limits });
  const python = (code: string, limits: object = {}): Promise<Attack> =>
    attack("script.run", { language: "python", code, limits });
  const wat = async (text: string, more: object = {}): Promise<Attack> => {
    const module = (await wabt()).parseWat("attack.wat", text);
    const base64 = Buffer.from(module.toBinary({}).buffer).toString("base64");
    return attack("wasm.run", { module: base64, ...more });
  };
  const valueOf = ({ task }: Attack): unknown => (task.output as { value?: unknown } | null)?.value;

  /** Ended by one of the limits, and not much later than the time it had. */
  function expectBounded(attack: Attack, seconds: number): void {
    expect(attack.code, attack.text.slice(0, 400)).toBe("LimitExceeded");
    expect(attack.durationMs).toBeLessThan(seconds * 1_000 + 10_000);
    expect(attack.usage === undefined || attack.usage.peakMemoryBytes < 700 * 1024 ** 2).toBe(true);
  }

  describe("JavaScript", () => {
    test("finds nothing of the host, by name or by constructors", async () => {
      const done = await javascript(`
      const found = [];
      for (const name of ["process", "require", "module", "fetch", "WebSocket", "XMLHttpRequest", "Worker", "Deno", "std", "os", "setTimeout", "WebAssembly", "SharedArrayBuffer"])
        if (typeof globalThis[name] !== "undefined" && name !== "SharedArrayBuffer") found.push(name);
      for (const make of [Function, (async () => {}).constructor, (function* () {}).constructor, console.log.constructor, progress.constructor])
        for (const text of ["process", "require", "globalThis.process", "this.process"])
          try { const got = make("return " + text)(); if (got !== undefined && typeof got.next !== "function" && typeof got.then !== "function") found.push(text); } catch {}
      for (const name of ["node:fs", "fs", "std", "os", "/etc/passwd", "file://${it.secretFile}"])
        try { found.push(Object.keys(await import(name)).length + name); } catch {}
      let at = console.log; for (let i = 0; i < 5 && at; i++) { at = Object.getPrototypeOf(at); if (at?.constructor?.name === "process") found.push("proto"); }
      try { found.push(console.log.caller ?? ""); } catch {}
      return found.filter((one) => one !== "");`);
      expect(valueOf(done), done.text).toEqual([]);
      expect(done.text).not.toContain(secret);
    });

    test("a polluted prototype stays in its own world", async () => {
      const own = attackAlone();
      const code = `
      Object.prototype.polluted = "yes"; Array.prototype.toJSON = () => "hijacked"; JSON.stringify = () => '{"code":"hijacked"}';
      JSON.parse = () => 1; Promise.prototype.then = undefined;
      return JSON.constructor.prototype && Object.defineProperty({}, "__proto__", { value: { polluted: "yes" }, enumerable: true });`;
      const { text } = await own.attack("script.run", { language: "javascript", code });
      await own.close();
      expect(text).toContain('"__proto__":{"polluted":"yes"');
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
      expect(JSON.stringify([1])).toBe("[1]");
    });

    test.each([
      ["arrays", "const all = []; for (;;) all.push(new Array(1e5).fill(1.5))"],
      ["strings", "const all = []; for (;;) all.push('x'.repeat(1e6) + all.length)"],
      ["buffers", "const all = []; for (;;) all.push(new Uint8Array(1e6).fill(1))"],
      ["a string that is asked for at once", "return 'x'.repeat(2 ** 29).length"],
      ["promises", "const all = []; for (;;) all.push(new Promise(() => {}).then(() => 1))"],
    ])("memory: %s", async (_, code) => {
      // Small objects fill it slowly.
      const attack = await javascript(code, { timeoutSeconds: 10, memoryMb: 32 });
      expectBounded(attack, 10);
      expect(attack.task.error?.message).toMatch(/memory/);
    });

    test.each([
      ["a loop", "for (;;);"],
      ["a loop of promises", "for (;;) await null"],
      ["a regular expression", "return /^(a+)+$/.test('a'.repeat(60) + 'b')"],
      ["large powers", "for (;;) 7n ** 370_000n"],
      ["a native search", "const s = 'a'.repeat(3e7); let n = 0; for (;;) n += s.lastIndexOf('b')"],
      ["a getter of the result", "return { get x() { for (;;); } }"],
      ["toJSON of the result", "return { toJSON() { for (;;); } }"],
    ])("endless: %s", async (_, code) => expectBounded(await javascript(code, { timeoutSeconds: 1 }), 1));

    test("a flood of output, of reports and of errors", async () => {
      expectBounded(await javascript("for (;;) console.log('x'.repeat(10_000))", { timeoutSeconds: 5 }), 5);
      expectBounded(await javascript("return 'x'.repeat(3_000_000)"), 10);
      expectBounded(await javascript("for (;;) progress(0.5, 'x'.repeat(10_000))", { timeoutSeconds: 1 }), 1);
      expectBounded(await javascript("for (;;) console.error('x'.repeat(10_000))", { timeoutSeconds: 1 }), 1);
      const thrown = await javascript("throw new Error('x'.repeat(5_000_000))");
      expect(thrown.code).toBe("SkillFailed");
      expect(thrown.text.length).toBeLessThan(20_000);
    });
  });

  describe("Python", () => {
    test("finds no file, no environment, no process, no socket of the host", async () => {
      const done = await python(`
import os, sys
found = []
def attempt(name, f):
    try:
        got = f()
        if got not in (None, [], {}, ""): found.append([name, str(got)[:200]])
    except BaseException as error: pass
for path in ["${it.secretFile}", "${it.keyFile}", "/etc/passwd", "/proc/self/environ", "../../../../etc/passwd", "/usr/../etc/passwd", "//etc/passwd"]:
    attempt("open " + path, lambda: open(path).read())
attempt("environ", lambda: {k: v for k, v in os.environ.items() if k != "PYTHONHOME"})
attempt("system", lambda: os.system("id"))
attempt("popen", lambda: os.popen("id").read())
attempt("fork", lambda: os.fork())
attempt("subprocess", lambda: __import__("subprocess").check_output(["id"]))
attempt("socket", lambda: __import__("socket").create_connection(("127.0.0.1", ${it.apiPort}), 1))
attempt("unix", lambda: __import__("socket").socket(1, 1).connect("${it.target.socket}"))
attempt("ctypes", lambda: __import__("ctypes").CDLL(None))
def link():
    os.symlink("${it.secretFile}", "/tmp/link")
    return open("/tmp/link").read()
attempt("symlink", link)
def outside():
    with open("/tmp/errand-python-escape", "w") as f: f.write("x")
attempt("write", outside)
import builtins
result = found`);
      expect(valueOf(done), done.text).toEqual([]);
      expect(done.text).not.toContain(secret);
      expect(existsSync("/tmp/errand-python-escape")).toBe(false);
    });

    test.each([
      ["memory", "all = []\nwhile True: all.append(bytearray(1000000))", 10],
      ["memory asked for at once", "x = bytearray(2**31 - 100)", 10],
      ["output", "while True: print('x' * 10000)", 10],
      ["a loop", "while True: pass", 1],
      ["a regular expression", "import re\nre.match('(a+)+$', 'a' * 60 + 'b')", 1],
      ["a large power", "x = 7 ** (10 ** 9)", 2],
      [
        "a hash of very much",
        "import hashlib\nh = hashlib.sha256()\nwhile True: h.update(b'x' * 10000000)",
        2,
      ],
      ["sleep", "import time\ntime.sleep(0.2)\ntime.sleep(1000)", 2],
    ])("bounded: %s", async (_, code, seconds) =>
      expectBounded(await python(code, { timeoutSeconds: seconds }), seconds),
    );

    test("a full disk, of one file and of many, is the script's own trouble", async () => {
      const one = await python("f = open('/tmp/x', 'wb')\nwhile True: f.write(b'x' * 1000000)", {
        scratchMb: 8,
      });
      expect(one.text).toContain("No space left");
      const many = await python("i = 0\nwhile True:\n  open('/tmp/' + str(i), 'w').close()\n  i += 1");
      expect(["SkillFailed", "LimitExceeded"]).toContain(many.code);
      expect(many.usage === undefined || many.usage.peakMemoryBytes < 600 * 1024 ** 2).toBe(true);
    });
  });

  describe("WebAssembly", () => {
    test("what is no module, or asks for imports that there are not", async () => {
      expect((await attack("wasm.run", { module: Buffer.from("hello").toString("base64") })).code).toBe(
        "InvalidInput",
      );
      expect((await attack("wasm.run", { module: "***" })).code).toBe("InvalidInput");
      const host = await wat(
        `(module (import "env" "system" (func (param i32))) (memory (export "memory") 1) (func (export "_start")))`,
      );
      expect(host.code).toBe("InvalidInput");
    });

    test("paths out of its root are refused", async () => {
      // Opens each path in turn below the only folder there is; a good descriptor would end with exit code 99.
      const paths = ["../../etc/passwd", "/etc/passwd", "..//proc/self/environ", `..${it.secretFile}`];
      const done = await wat(`
      (module
        (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_symlink" (func $link (param i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        ${paths.map((path, i) => `(data (i32.const ${256 * (i + 1)}) "${path}")`).join("\n")}
        (data (i32.const 4096) "link")
        (func (export "_start")
          ${paths
            .map(
              (path, i) => `
          (if (i32.eqz (call $open (i32.const 3) (i32.const 1) (i32.const ${256 * (i + 1)}) (i32.const ${path.length}) (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 8)))
            (then (call $exit (i32.const 99))))`,
            )
            .join("")}
          (if (i32.eqz (call $link (i32.const 512) (i32.const 11) (i32.const 3) (i32.const 4096) (i32.const 4)))
            (then (call $exit (i32.const 98))))))`);
      expect(done.task.output, done.text).toMatchObject({ exitCode: 0 });
    });

    test.each([
      [
        "a memory that grows",
        `(memory (export "memory") 1) (func (export "_start") (loop $l (br_if $l (i32.ge_s (memory.grow (i32.const 64)) (i32.const 0)))) (unreachable))`,
        5,
      ],
      [
        "a memory that is large from the start",
        `(memory (export "memory") 60000) (func (export "_start"))`,
        5,
      ],
      [
        "tables that grow",
        `(memory (export "memory") 1) (table $t 1 funcref) ${Array.from({ length: 30 }, (_, i) => `(table $t${i} 1 funcref)`).join(" ")}
       (func (export "_start") ${Array.from({ length: 30 }, (_, i) => `(drop (table.grow $t${i} (ref.null func) (i32.const 9000000)))`).join(" ")} (loop $l (br $l)))`,
        3,
      ],
      ["a loop", `(memory (export "memory") 1) (func (export "_start") (loop $l (br $l)))`, 1],
      [
        "a start function that loops",
        `(memory (export "memory") 1) (func $s (loop $l (br $l))) (start $s) (func (export "_start"))`,
        1,
      ],
      [
        "a sleep for ever",
        `(import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32))) (memory (export "memory") 1)
       (func (export "_start") (i64.store (i32.const 24) (i64.const 9000000000000000000)) (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))))`,
        1,
      ],
    ])("bounded: %s", async (_, text, seconds) =>
      expectBounded(await wat(`(module ${text})`, { limits: { timeoutSeconds: seconds } }), seconds),
    );

    test("wrong pointers reach nothing but its own memory", async () => {
      const done = await wat(`
      (module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start")
          (i32.store (i32.const 0) (i32.const -16)) (i32.store (i32.const 4) (i32.const 2147483647))
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
          (drop (call $write (i32.const 1) (i32.const -8) (i32.const 1000000) (i32.const 8)))))`);
      expect(done.text).not.toContain(secret);
      expect(["", "SkillFailed", "LimitExceeded"]).toContain(done.code);
    });
  });

  test("nothing is left of all these runs but what is kept warm for the next", () => {
    // One of each language waits, for each way to start it.
    expect(commandLines().filter((line) => line.includes("sandbox/generated/wasm.cjs"))).toEqual([]);
    expect(it.connections()).toBe(0);
    expect(it.node.running).toBe(true);
  });
}
