-- How the calls of the last hour went, for questions that are put each minute and may cost nothing.
CREATE TABLE agent_interactions (
    id TEXT NOT NULL PRIMARY KEY,
    ts TEXT NOT NULL,
    role TEXT NOT NULL,
    model TEXT NOT NULL,
    latency_ms REAL NOT NULL,
    success INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX agent_interactions_by_ts ON agent_interactions (ts);
