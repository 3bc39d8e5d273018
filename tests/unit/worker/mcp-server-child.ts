/**
 * A small MCP server over stdio, written to the protocol alone (JSON-RPC, a message a line), whose tools do what the tests of
 * mcp.test.ts need to see: fail, break off, talk, notice a cancel, change the list of tools.
 */
import { createInterface } from "node:readline";

interface Message {
  id?: number;
  method?: string;
  params?: {
    name?: string;
    arguments?: Record<string, unknown>;
    protocolVersion?: string;
    requestId?: number;
    reason?: string;
    _meta?: { progressToken?: number };
  };
}

const send = (message: object): void =>
  void process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const schema = { type: "object", properties: { n: { type: "number" } }, additionalProperties: false };
const tools = ["fail", "exit", "cancelled", "wait", "noise", "getPID", "grow", "work", "fill", "_"].map(
  (name) => ({
    name,
    inputSchema: schema,
  }),
);
const cancelled: unknown[] = [];
const held: Buffer[] = [];

function call({ id, params = {} }: Message): void {
  const text = (said: string, more: object = {}): void =>
    send({ id, result: { content: [{ type: "text", text: said }], ...more } });
  switch (params.name) {
    case "fail":
      return text("it did not work", { isError: true });
    case "exit":
      process.exit(3);
    case "wait": {
      const progressToken = params._meta?.progressToken;
      return send({
        method: "notifications/progress",
        params: { progressToken, progress: 1, message: "waiting" },
      });
    }
    case "cancelled":
      return text(JSON.stringify(cancelled));
    case "noise":
      process.stdout.write("this line is no message\n");
      process.stderr.write("a word for the log\n");
      return text("still here");
    case "getPID":
      return text(String(process.pid), { structuredContent: { pid: process.pid } });
    case "work": {
      const before = process.cpuUsage();
      while (process.cpuUsage(before).user < 100_000);
      return text("worked");
    }
    case "fill":
      held.push(Buffer.alloc(300 * 1024 ** 2, 1));
      return;
    case "grow":
      tools.push({ name: "grown", inputSchema: schema });
      send({ method: "notifications/tools/list_changed" });
      return text("grown");
    default:
      return send({ id, error: { code: -32602, message: `no tool ${params.name}` } });
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line) as Message;
  switch (message.method) {
    case "initialize":
      return send({
        id: message.id,
        result: {
          protocolVersion: message.params?.protocolVersion,
          capabilities: { tools: { listChanged: true } },
          serverInfo: { name: "child", version: "3.2.1-beta" },
        },
      });
    case "tools/list":
      return send({ id: message.id, result: { tools } });
    case "tools/call":
      return call(message);
    case "ping":
      return send({ id: message.id, result: {} });
    case "notifications/cancelled":
      return void cancelled.push(message.params?.reason ?? "");
    default:
      if (message.id !== undefined)
        send({ id: message.id, error: { code: -32601, message: "no such method" } });
  }
});
