/**
 * This node as its own worker: a session without a wire, so that a task that runs here takes exactly the way of any other.
 * Messages arrive in the next microtask, in order.
 */
import { toErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { silentLog, type Log } from "../core/log.ts";
import type { Message, MessageHandler, Session } from "../network/messages.ts";

/** The submitting end. `onAnswer` gets what the working end says, `onRequest` what the submitting end says. */
export function createLocalSession(
  self: PeerIdText,
  network: string,
  onAnswer: MessageHandler,
  onRequest: MessageHandler,
  log: Log = silentLog,
): { submitting: Session; working: Session; close(): void } {
  const ended = new AbortController();
  const end = (direction: "in" | "out", deliver: (message: Message) => void): Session => ({
    peer: self,
    direction,
    remote: { version: 1, network, capabilities: [], resume: [] },
    closed: ended.signal,
    bufferedBytes: 0,
    send(message) {
      if (ended.signal.aborted) return;
      queueMicrotask(() => {
        try {
          deliver(message);
        } catch (error) {
          // Nobody is above a microtask: the process would end for one task.
          log.error(
            { err: toErrandError(error), kind: message.kind },
            "a message of this node to itself failed",
          );
        }
      });
    },
    complain() {},
    close() {},
  });
  const submitting: Session = end("out", (message) => onRequest(message, working));
  const working: Session = end("in", (message) => onAnswer(message, submitting));
  return { submitting, working, close: () => ended.abort() };
}
