/** Version 3. Each part says who writes it. Times are ms since the epoch. */
export const schemaV3 = `
-- tasks/persist.ts: a task's first entries of history and its last attempts stay in its row, as JSON without the outer
-- brackets: [at, from, to, attempt, peer, reason] and [attempt, peer, started, finished, outcome, error, usage, decision], where
-- a peer of 1 is the row's. Most tasks then are one row, written twice, instead of six: a third less work and half the disk.
ALTER TABLE tasks ADD COLUMN trail TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN last_attempts TEXT NOT NULL DEFAULT '';
-- All of it, wherever it is, for people who look with sqlite3.
CREATE VIEW task_history AS
  SELECT tasks.id AS task_id, entry.key + 1 AS seq, entry.value ->> 0 AS at, entry.value ->> 1 AS from_state,
    entry.value ->> 2 AS to_state, entry.value ->> 3 AS attempt,
    CASE WHEN entry.value ->> 4 IS 1 THEN tasks.peer ELSE entry.value ->> 4 END AS peer, entry.value ->> 5 AS reason
    FROM tasks, json_each('[' || tasks.trail || ']') AS entry
  UNION ALL SELECT task_id, seq, at, from_state, to_state, attempt, peer, reason FROM history;

-- tasks/verification/: answers that wait for their verdict. They outlive a crash of this node, so their workers may forget them.
CREATE TABLE held_answers (
  task_id BLOB NOT NULL PRIMARY KEY,
  attempt INTEGER NOT NULL,
  peer TEXT NOT NULL,
  held TEXT NOT NULL,                -- JSON: version, usage, media type, why it is checked
  output BLOB,
  output_blob TEXT NOT NULL,
  output_hash BLOB NOT NULL,
  evidence BLOB
) STRICT, WITHOUT ROWID;
-- What each rule said of an answer; a task's go with it.
CREATE TABLE verifications (
  task_id BLOB NOT NULL,
  attempt INTEGER NOT NULL,
  peer TEXT NOT NULL,
  rule TEXT NOT NULL,
  verdict TEXT NOT NULL,             -- passed, failed, undecided
  grounded INTEGER NOT NULL,         -- 1: checked against the truth
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,              -- JSON, or ""
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX verifications_of_task ON verifications (task_id);
CREATE INDEX verifications_by_rule ON verifications (rule, verdict);
-- Results that their workers signed and that proved wrong. Bounded for each peer and in all; they outlive their tasks.
CREATE TABLE faults (
  id INTEGER PRIMARY KEY,
  peer TEXT NOT NULL,
  skill TEXT NOT NULL,
  task_id BLOB NOT NULL,
  reason TEXT NOT NULL,
  proof TEXT NOT NULL,               -- JSON
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX faults_of_peer ON faults (peer, id);

-- network/trust.ts: the newest attestation of each issuer, this node's own too, as it was signed.
CREATE TABLE attestations (
  issuer TEXT NOT NULL PRIMARY KEY,
  seq INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  signed BLOB NOT NULL
) STRICT;
-- Two attestations of one issuer under one number: the proof that silences it.
CREATE TABLE equivocations (
  issuer TEXT NOT NULL PRIMARY KEY,
  first BLOB NOT NULL,
  second BLOB NOT NULL,
  proved_at INTEGER NOT NULL
) STRICT;
-- routing/credibility.ts: how far each peer's word about others proved right.
CREATE TABLE credibility (
  peer TEXT NOT NULL PRIMARY KEY,
  right REAL NOT NULL,
  wrong REAL NOT NULL,
  equivocated INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
