// The same acts as a command: JSON in, JSON out, progress on standard error.
import { spawn } from "node:child_process";
import { stderr, stdin, stdout } from "node:process";

async function read() {
  let text = "";
  stdin.setEncoding("utf8");
  for await (const chunk of stdin) text += chunk;
  return JSON.parse(text);
}

function write(value) {
  stdout.write(JSON.stringify(value));
}

function progress(fraction, message) {
  stderr.write(`${JSON.stringify({ progress: fraction, message })}\n`);
}

const forever = () => setInterval(() => {}, 1000);

if (process.argv[2] === "deaf") {
  write({ value: "did not listen" });
  process.exit(0);
}

const { act, value, bytes = 0, text, file } = await read();
switch (act ?? (text === undefined ? "value" : "text")) {
  case "value":
    write({ value: file === undefined ? value : { ...file, path: undefined } });
    break;
  case "text":
    write({ value: text });
    break;
  case "throw":
    stderr.write("it broke\n");
    process.exitCode = 3;
    break;
  case "wrong":
    write({ other: 1 });
    break;
  case "no-json":
    stdout.write("hello");
    break;
  case "large":
    write({ value: "x".repeat(bytes) });
    break;
  case "endless":
    for (;;) if (!stdout.write("x".repeat(65_536))) await new Promise((go) => stdout.once("drain", go));
  // eslint-disable-next-line no-fallthrough -- never reached
  case "progress":
    progress(0.25, "a quarter");
    write({ value: null });
    break;
  case "env":
    write({ value: process.env });
    break;
  case "spin": {
    const until = process.cpuUsage().user + 200_000;
    while (process.cpuUsage().user < until);
    write({ value: null });
    break;
  }
  case "memory": {
    const kept = [];
    for (;;) kept.push(Buffer.alloc(4_000_000, 1));
  }
  case "wait":
    forever();
    progress(0, "waiting");
    break;
  case "ignore": {
    // With a child that ignores it as well: the whole group has to go.
    process.on("SIGTERM", () => {});
    const code = "process.on('SIGTERM',()=>{});setInterval(()=>{},1000);process.stdout.write('x')";
    const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((go) => child.stdout.once("data", go));
    progress(0, `${process.pid} ${child.pid}`);
    forever();
    break;
  }
  case "orphan": {
    // A child that outlives this process and holds its standard output open.
    const child = spawn(process.execPath, ["-e", "setInterval(()=>{},1000)"], { stdio: "inherit" });
    await new Promise((go) => child.once("spawn", go));
    write({ value: child.pid });
    process.exitCode = 0;
    child.unref();
    break;
  }
  default:
    throw new Error(`unknown act ${act}`);
}
