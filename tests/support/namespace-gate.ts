/**
 * Holds a network namespace, and lets a test in: whoever connects to the Unix socket names a port, and talks to 127.0.0.1 there.
 * Ends with standard input, so that the namespace goes with the test, however that ends. Argument: the socket's path.
 */
import { createConnection, createServer } from "node:net";

const [path = ""] = process.argv.slice(2);
const server = createServer((outside) => {
  outside.on("error", () => outside.destroy());
  outside.once("data", (head) => {
    outside.pause();
    const inside = createConnection(head.readUInt16BE(), "127.0.0.1", () => {
      if (head.length > 2) inside.write(head.subarray(2));
      outside.pipe(inside).pipe(outside);
    });
    inside.on("error", () => outside.destroy());
    outside.on("close", () => inside.destroy());
  });
});
server.listen(path, () => console.log("open"));
process.stdin.on("end", () => process.exit()).resume();
