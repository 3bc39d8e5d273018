/** Event streams: the changes of all tasks, resumable, and those of one task until its end. */
import type { FastifyInstance } from "fastify";
import { systemClock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { isTerminal, type TaskChange } from "../../node/node.ts";
import { fullTaskId, requestSignal, type ApiContext } from "../context.ts";
import { createEventLog, type EventLog, type LoggedEvent } from "../event-log.ts";
import { answers, idParam } from "../schemas.ts";
import { sendEvents } from "../sse.ts";

const stream = { content: { "text/event-stream": { schema: { type: "string" } } } };

export function eventRoutes(app: FastifyInstance, context: ApiContext): void {
  const { node, log } = context;
  const events = createEventLog({
    watch: (signal) => node.tasks.watch({ signal }),
    watchTrust: (signal) => node.trust.watch(signal),
    clock: systemClock,
    closing: context.closing,
    onError: (err) => log.error({ err }, "the watch of all tasks broke"),
  });
  const broken = (err: unknown): void => log.error({ err }, "an event stream broke");
  let open = 0;

  async function counted(run: () => Promise<void>): Promise<void> {
    if (open >= limits.apiEventStreams) {
      throw new ErrandError("RateLimited", `${limits.apiEventStreams} event streams are open already`, {
        hint: "Close one, or watch all tasks over one stream: GET /v1/events.",
        retryAfterMs: 1_000,
      });
    }
    open++;
    try {
      await run();
    } finally {
      open--;
    }
  }

  app.get<{ Headers: { "last-event-id"?: string }; Querystring: { trust: boolean } }>(
    "/v1/events",
    {
      schema: {
        tags: ["events"],
        summary:
          "Changes of all tasks from now on, or after Last-Event-ID (EventsLost first if those are gone)",
        querystring: {
          type: "object",
          additionalProperties: false,
          properties: {
            trust: {
              type: "boolean",
              default: false,
              description: "TrustChanged too, when evidence about a peer changes",
            },
          },
        },
        response: answers({ 200: stream }),
      },
    },
    (request, reply) =>
      counted(() => {
        const signal = requestSignal(context, reply);
        const after = request.headers["last-event-id"];
        return sendEvents(reply, events.read(after, signal, request.query), signal, broken);
      }),
  );

  app.get<{ Params: { id: string } }>(
    "/v1/tasks/:id/events",
    {
      schema: {
        tags: ["events"],
        summary: "One task: how it is now, then every change; ends when the task has ended",
        params: idParam("id", "A task's id, may be shortened", "^[0-9a-fA-F-]{4,36}$"),
        response: answers({ 200: stream }),
      },
    },
    async (request, reply) => {
      const id = await fullTaskId(node, request.params.id);
      await counted(async () => {
        const signal = requestSignal(context, reply);
        const source = changesOf(context, id, events, signal)[Symbol.asyncIterator]();
        // The first value shows whether there is such a task, while a proper status can still be sent.
        const first = await source.next();
        await sendEvents(reply, startingWith(first, source), signal, broken);
      });
    },
  );
}

async function* startingWith(
  first: IteratorResult<LoggedEvent>,
  rest: AsyncIterator<LoggedEvent>,
): AsyncGenerator<LoggedEvent> {
  for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
}

async function* changesOf(
  { node }: ApiContext,
  id: string,
  events: EventLog,
  signal: AbortSignal,
): AsyncGenerator<LoggedEvent> {
  const ended = new AbortController();
  const watched = node.tasks.watch({ id, signal: AbortSignal.any([signal, ended.signal]) });
  const changes = watched[Symbol.asyncIterator]();
  try {
    // Asked for before the view is read, so that nothing falls between the two.
    let pending = changes.next();
    pending.catch(() => undefined);
    const task = await node.tasks.get(id);
    const now: TaskChange = { seq: 0, event: "TaskState", task };
    yield { id: "", event: now.event, data: JSON.stringify(now) };
    if (isTerminal(task.status)) return;
    for (let next = await pending; next.done !== true; next = await pending) {
      const change = next.value;
      pending = changes.next();
      pending.catch(() => undefined);
      yield { id: events.idOf(change.seq), event: change.event, data: JSON.stringify(change) };
      if (isTerminal(change.task.status)) return;
    }
  } finally {
    ended.abort();
  }
}
