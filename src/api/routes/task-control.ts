/** What a user does to a task that is there: pause, resume, retry, rerun, move; and its history. */
import type { FastifyInstance } from "fastify";
import type { ErrandNode, TaskView } from "../../node/node.ts";
import { fullPeerId, fullTaskId, type ApiContext } from "../context.ts";
import { answers, idParam, listOf, ref } from "../schemas.ts";

const params = idParam("id", "A task's id, or a unique beginning or end of it", "^[0-9a-fA-F-]{4,36}$");

type Action = (node: ErrandNode, id: string) => Promise<TaskView>;

/** Path, what it does, and how. */
const actions: [string, string, number, Action][] = [
  [
    "pause",
    "Hold a task: at once while it waits; when its worker gives it back while it is out",
    200,
    (node, id) => node.tasks.pause(id),
  ],
  ["resume", "Let a paused task go on", 200, (node, id) => node.tasks.resume(id)],
  [
    "retry",
    "A new task like one that failed, timed out or was cancelled",
    201,
    (node, id) => node.tasks.retry(id),
  ],
  [
    "rerun",
    "A new task like one that has ended, never from the cache",
    201,
    (node, id) => node.tasks.rerun(id),
  ],
];

export function taskControlRoutes(app: FastifyInstance, { node }: ApiContext): void {
  for (const [name, summary, code, action] of actions) {
    app.post<{ Params: { id: string } }>(
      `/v1/tasks/:id/${name}`,
      { schema: { tags: ["tasks"], summary, params, response: answers({ [code]: ref("Task") }) } },
      async ({ params: { id } }, reply) =>
        reply.code(code).send(await action(node, await fullTaskId(node, id))),
    );
  }
  app.post<{ Params: { id: string }; Body: { peer?: string } | null | undefined }>(
    "/v1/tasks/:id/move",
    {
      schema: {
        tags: ["tasks"],
        summary: "Take a task from its worker to a peer, or to any other; no attempt is used up",
        params,
        body: {
          type: ["object", "null"],
          additionalProperties: false,
          properties: { peer: { type: "string", minLength: 1, maxLength: 64 } },
        },
        response: answers({ 200: ref("Task") }),
      },
    },
    async ({ params: { id }, body }) =>
      node.tasks.move(
        await fullTaskId(node, id),
        body?.peer === undefined ? undefined : fullPeerId(node, body.peer),
      ),
  );
  app.get<{ Params: { id: string } }>(
    "/v1/tasks/:id/history",
    {
      schema: {
        tags: ["tasks"],
        summary: "Every change of the task's state, oldest first",
        params,
        response: answers({ 200: listOf("history", "HistoryEntry") }),
      },
    },
    async ({ params: { id } }) => ({ history: await node.tasks.history(id) }),
  );
}
