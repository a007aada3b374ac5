-- What the latest calls are narrowed by, so that the long texts of others are not read for it.
CREATE INDEX agent_interactions_latest ON agent_interactions (ts, id, role, task_id, success);
