/** Many tasks in one request and one commit. What cannot be taken on is an error in its place; the others are. */
import type { FastifyInstance } from "fastify";
import { ErrandError, toErrandError, type ErrorJson } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { TASK_STATES, type Submission, type TaskState, type TaskView } from "../../node/node.ts";
import type { ApiContext } from "../context.ts";
import { answers } from "../schemas.ts";
import { submissionSchema, toSubmission, type SubmissionJson } from "../submission.ts";
import { bodyChecker } from "../validation.ts";

/** In the order of the tasks. */
export type BatchResult = { id: string; status: TaskState } | { error: ErrorJson };

export interface BatchAnswer {
  accepted: number;
  refused: number;
  results: BatchResult[];
}

const result = {
  type: "object",
  description: "id and status, or error",
  properties: { id: { type: "string" }, status: { enum: TASK_STATES }, error: { type: "object" } },
};

export function batchRoutes(app: FastifyInstance, { node }: ApiContext): void {
  const check = bodyChecker(submissionSchema);

  function submissionOf(task: unknown): Submission | ErrandError {
    const wrong = check(task);
    if (wrong !== undefined) return wrong;
    try {
      return toSubmission(task as SubmissionJson, node);
    } catch (error) {
      return toErrandError(error);
    }
  }

  app.post<{ Body: { tasks: unknown[] } }>(
    "/v1/tasks/batch",
    {
      schema: {
        tags: ["tasks"],
        summary: "Submit many tasks at once; acknowledged together, once all are on disk",
        body: {
          type: "object",
          required: ["tasks"],
          additionalProperties: false,
          properties: {
            tasks: {
              type: "array",
              minItems: 1,
              maxItems: limits.batchTasks,
              items: { description: "As for POST /v1/tasks; each is judged on its own" },
            },
          },
        },
        response: answers({
          200: {
            type: "object",
            properties: {
              accepted: { type: "integer" },
              refused: { type: "integer" },
              results: { type: "array", items: result, description: "Views: GET /v1/tasks/:id" },
            },
          },
        }),
      },
    },
    async ({ body }): Promise<BatchAnswer> => {
      const asked = body.tasks.map(submissionOf);
      const sound = asked.filter((one): one is Submission => !(one instanceof ErrandError));
      const taken = (await node.tasks.submitMany(sound)).values();
      const results = asked.map((one): BatchResult => {
        const outcome = one instanceof ErrandError ? one : (taken.next().value as TaskView | ErrandError);
        return outcome instanceof ErrandError
          ? { error: outcome.toJSON() }
          : { id: outcome.id, status: outcome.status };
      });
      const refused = results.filter((one) => "error" in one).length;
      return { accepted: results.length - refused, refused, results };
    },
  );
}
