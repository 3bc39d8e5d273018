/**
 * Version 1 of the schema. Times are ms since the Unix epoch; ids and hashes are raw bytes; "" is none for text and NULL
 * is none for the rest. States are plain text: `finished_at` alone tells what is open.
 *
 * Measured with insert and two updates for each task, 200 a commit, 8 KiB pages, tasks a second: inputs of 200 B 79,000,
 * 4 KiB 16,000, 64 KiB 2,500 when the input is a column of the row, because SQLite writes a row that changes its length
 * anew with all its overflow pages. With inputs over 1 KiB in a table of their own 96,000, 50,000 and 6,500. WITHOUT ROWID was
 * slower from 2 KiB on.
 */
export const schemaV1 = `
CREATE TABLE tasks (
  id BLOB NOT NULL PRIMARY KEY,      -- UUIDv7: grows at one end, newest last
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  skill TEXT NOT NULL,
  skill_version TEXT NOT NULL,
  priority INTEGER NOT NULL,
  attempt INTEGER NOT NULL,          -- number of the current or last attempt; 0 before the first
  attempts_made INTEGER NOT NULL,    -- those that a worker accepted
  retries_made INTEGER NOT NULL,
  losses_made INTEGER NOT NULL,
  sent_epoch INTEGER NOT NULL,       -- the life of this home that sent the current attempt
  started_at INTEGER NOT NULL,       -- of the current attempt; 0 before the first
  peer TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  finished_at INTEGER,               -- set exactly once, with a terminal state
  not_before INTEGER,
  deadline_at INTEGER,
  executed_version TEXT NOT NULL,
  input_blob TEXT NOT NULL,          -- name of the blob when the input is one
  input_size INTEGER NOT NULL,
  input_type TEXT NOT NULL,
  input_hash BLOB,
  output_blob TEXT NOT NULL,
  output_size INTEGER NOT NULL,
  output_type TEXT NOT NULL,
  output_hash BLOB,
  spec TEXT NOT NULL,                -- JSON
  error TEXT,                        -- JSON
  usage TEXT,                        -- JSON
  evidence BLOB,                     -- the worker's signed statement
  input BLOB,                        -- up to 1 KiB; larger ones in task_inputs
  output BLOB
) STRICT;
-- Recovery, and counts of what is open. State is not in it, so that a change of state leaves it alone.
CREATE INDEX tasks_open ON tasks (id) WHERE finished_at IS NULL;
-- Counts and listings of what has ended: written once for each task. With its last column SQLite need not look at the row.
CREATE INDEX tasks_ended ON tasks (state, id, finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE task_inputs (
  task_id BLOB NOT NULL PRIMARY KEY,
  input BLOB NOT NULL
) STRICT;

CREATE TABLE attempts (
  task_id BLOB NOT NULL,
  attempt INTEGER NOT NULL,
  peer TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  outcome TEXT NOT NULL,             -- "" while it runs
  error TEXT,                        -- JSON
  usage TEXT,                        -- JSON
  decision TEXT,                     -- JSON
  PRIMARY KEY (task_id, attempt)
) STRICT;

CREATE TABLE history (
  task_id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  peer TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (task_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE peers (
  peer TEXT NOT NULL PRIMARY KEY,
  addresses TEXT NOT NULL,           -- JSON array of multiaddrs
  name TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  pin REAL,
  blocked INTEGER NOT NULL,
  notes TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence (
  peer TEXT NOT NULL,
  skill TEXT NOT NULL,
  good REAL NOT NULL,
  bad REAL NOT NULL,
  bad_count REAL NOT NULL,
  reliability REAL NOT NULL,
  updated_at INTEGER NOT NULL,
  extra TEXT,                        -- JSON
  PRIMARY KEY (peer, skill)
) STRICT, WITHOUT ROWID;

CREATE TABLE cards (
  peer TEXT NOT NULL PRIMARY KEY,
  signed BLOB NOT NULL,
  seq INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

-- The worker's outbox: answers that their submitters have not acknowledged.
CREATE TABLE results (
  submitter TEXT NOT NULL,
  task_id BLOB NOT NULL,
  attempt INTEGER NOT NULL,
  response BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (submitter, task_id, attempt)
) STRICT;

CREATE TABLE meta (
  key TEXT NOT NULL PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE blobs (
  hash TEXT NOT NULL PRIMARY KEY,
  size_bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
