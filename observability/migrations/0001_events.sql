CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id TEXT NOT NULL,
    envelope TEXT NOT NULL
);
CREATE INDEX events_by_task ON events (task_id, seq);
