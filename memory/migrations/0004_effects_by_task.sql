-- Whether a task did anything outside is asked when it ends.
CREATE INDEX effects_by_task ON effects (task_id, number);
