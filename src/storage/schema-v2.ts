/**
 * Version 2: what the whole task engine needs beside single tasks. Each part says who writes it. Times are ms since
 * the epoch.
 */
export const schemaV2 = `
-- tasks/: parent_id for cascades; graph_id and graph_node for tasks that are nodes of a graph; concurrency_key for keyed limits.
ALTER TABLE tasks ADD COLUMN parent_id BLOB;
ALTER TABLE tasks ADD COLUMN graph_id BLOB;
ALTER TABLE tasks ADD COLUMN graph_node TEXT NOT NULL DEFAULT '';
CREATE INDEX tasks_children ON tasks (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tasks_of_graph ON tasks (graph_id, graph_node) WHERE graph_id IS NOT NULL;
-- Retention: what ended before a time, by state.
CREATE INDEX tasks_by_end ON tasks (finished_at) WHERE finished_at IS NOT NULL;

-- tasks/idempotency.ts: the same key again is the same task, until it expires with the task.
CREATE TABLE idempotency (
  key TEXT NOT NULL PRIMARY KEY,
  task_id BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_of_task ON idempotency (task_id);

-- tasks/result-cache.ts: outputs of deterministic skills, by skill, version and input hash.
CREATE TABLE result_cache (
  key BLOB NOT NULL PRIMARY KEY,     -- SHA-256 of skill, version, input type and input hash
  skill TEXT NOT NULL,
  task_id BLOB NOT NULL,             -- the task whose output it is
  peer TEXT NOT NULL,                -- who made it, and the least trust that its task asked for
  min_trust REAL NOT NULL,
  executed_version TEXT NOT NULL,
  output BLOB,
  output_blob TEXT NOT NULL,
  output_size INTEGER NOT NULL,
  output_type TEXT NOT NULL,
  output_hash BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX result_cache_used ON result_cache (used_at);
-- Which blobs are still referred to: few rows have one, and only those are in these.
CREATE INDEX result_cache_blobs ON result_cache (output_blob) WHERE output_blob <> '';
CREATE INDEX tasks_input_blobs ON tasks (input_blob) WHERE input_blob <> '';
CREATE INDEX tasks_output_blobs ON tasks (output_blob) WHERE output_blob <> '';

-- tasks/schedules/: submissions that are made again and again.
CREATE TABLE schedules (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  submission TEXT NOT NULL,          -- JSON, without the input's bytes
  input BLOB,
  input_blob TEXT NOT NULL,
  input_size INTEGER NOT NULL,
  input_type TEXT NOT NULL,
  cron TEXT NOT NULL,                -- "" with an interval
  timezone TEXT NOT NULL,
  interval_ms INTEGER NOT NULL,      -- 0 with a cron expression
  missed TEXT NOT NULL,              -- skip, once, all
  overlap TEXT NOT NULL,             -- allow, skip: while the last run goes on
  enabled INTEGER NOT NULL,
  next_at INTEGER,                   -- null when it will not run again
  last_at INTEGER,                   -- the last due time that was run
  last_task BLOB,
  runs INTEGER NOT NULL,
  max_runs INTEGER NOT NULL,         -- 0 without a bound
  until_at INTEGER,                  -- no due time after it
  skipped INTEGER NOT NULL,          -- due times that were not run
  note TEXT NOT NULL,                -- what was last left out, and why
  created_at INTEGER NOT NULL
) STRICT;

-- tasks/graph/: a graph and its nodes. What a node waits for is in the graph's spec.
CREATE TABLE graphs (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  spec TEXT NOT NULL,                -- JSON of the checked graph
  state TEXT NOT NULL,               -- running, completed, failed, cancelled
  reason TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
CREATE TABLE graph_nodes (
  graph_id BLOB NOT NULL,
  node TEXT NOT NULL,                -- with [index] for the tasks of a fan-out
  state TEXT NOT NULL,
  task_id BLOB,
  reason TEXT NOT NULL,
  PRIMARY KEY (graph_id, node)
) STRICT, WITHOUT ROWID;

-- tasks/hooks/: deliveries of webhooks that have not been accepted yet.
CREATE TABLE webhook_outbox (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL,
  event TEXT NOT NULL,
  body TEXT NOT NULL,                -- JSON
  created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL
) STRICT;
`;
