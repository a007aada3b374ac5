-- What a report with an idempotency key came to the first time: a task, one that it joined, or
-- only a count at an incident, which is kept as it stood then.
CREATE TABLE answers_by_key (
    key TEXT NOT NULL PRIMARY KEY,
    request_hash TEXT NOT NULL,
    how TEXT NOT NULL,
    task_id TEXT REFERENCES tasks (task_id),
    incident TEXT,
    created_at TEXT NOT NULL,
    CHECK (coalesce(task_id, incident) IS NOT NULL)
) WITHOUT ROWID;
CREATE INDEX answers_by_key_by_age ON answers_by_key (created_at);
INSERT INTO answers_by_key (key, request_hash, how, task_id, created_at)
    SELECT key, request_hash, 'started', task_id, created_at FROM idempotency_keys;
DROP TABLE idempotency_keys;
