-- Tasks that have ended, to be found by the words of their reports.
CREATE TABLE precedents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id TEXT NOT NULL UNIQUE,
    repository TEXT NOT NULL,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(task_id, repository, document))
);
CREATE VIRTUAL TABLE precedent_words USING fts5 (report, cause, diff, outcome);
