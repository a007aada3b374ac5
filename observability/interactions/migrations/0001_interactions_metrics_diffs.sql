-- The tables of schema.py. Indexes that hold all figures keep sums from reading what was said.
CREATE TABLE agent_interactions (
    id TEXT NOT NULL PRIMARY KEY,
    ts TEXT NOT NULL,
    task_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    role TEXT NOT NULL,
    node TEXT NOT NULL,
    model TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    system TEXT NOT NULL,
    messages TEXT NOT NULL,
    tools TEXT NOT NULL,
    response TEXT NOT NULL,
    calls TEXT NOT NULL,
    tokens_in INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL,
    tokens_cached INTEGER NOT NULL,
    tokens_estimated INTEGER NOT NULL,
    cost_usd REAL,
    latency_ms REAL NOT NULL,
    success INTEGER NOT NULL,
    error TEXT NOT NULL
);
CREATE INDEX agent_interactions_figures ON agent_interactions (
    ts, role, model, success, tokens_in, tokens_out, tokens_cached, cost_usd, latency_ms
);
CREATE INDEX agent_interactions_by_model ON agent_interactions (
    role, model, ts, success, latency_ms
);
CREATE INDEX agent_interactions_of_role ON agent_interactions (role, ts, id);
CREATE INDEX agent_interactions_of_task ON agent_interactions (task_id, ts, id);

CREATE TABLE agent_metrics (
    id TEXT NOT NULL PRIMARY KEY,
    ts TEXT NOT NULL,
    day TEXT NOT NULL,
    task_id TEXT NOT NULL,
    role TEXT NOT NULL,
    outcome TEXT NOT NULL,
    success INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    tokens_in INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL,
    tokens_cached INTEGER NOT NULL,
    cost_usd REAL,
    seconds REAL NOT NULL
);
CREATE INDEX agent_metrics_by_time ON agent_metrics (ts);
CREATE INDEX agent_metrics_of_task ON agent_metrics (task_id, role, outcome);

CREATE TABLE memory_diffs (
    id TEXT NOT NULL PRIMARY KEY,
    ts TEXT NOT NULL,
    role TEXT NOT NULL,
    version INTEGER NOT NULL,
    added TEXT NOT NULL,
    removed TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX memory_diffs_of_role ON memory_diffs (role, version);
