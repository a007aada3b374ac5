-- Costs by task, and which models played in one, without reading what was said.
CREATE INDEX agent_interactions_task_costs ON agent_interactions (
    ts, task_id, tokens_in, tokens_out, cost_usd
);
CREATE INDEX agent_interactions_models ON agent_interactions (task_id, role, model);
