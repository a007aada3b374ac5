-- How calls ended too, so that those which were cancelled can be told from those which failed.
DROP INDEX agent_interactions_by_model;
CREATE INDEX agent_interactions_by_model ON agent_interactions (
    role, model, ts, success, latency_ms, error
);
