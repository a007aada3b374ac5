-- A call that was cancelled is no failure of its model.
ALTER TABLE agent_interactions ADD COLUMN error TEXT NOT NULL DEFAULT '';
