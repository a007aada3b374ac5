-- What people said of a judgement of triage after it was made; the last word on each task counts.
CREATE TABLE corrections (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id TEXT NOT NULL,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(task_id, document))
);
