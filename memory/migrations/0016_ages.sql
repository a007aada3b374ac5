-- What is kept for a time only is found by its age; each index holds what is not forgotten yet.
CREATE INDEX approvals_with_briefing ON approvals (json_extract(document, '$.created_at'))
    WHERE json_extract(document, '$.question.body') <> '';
CREATE INDEX tasks_with_diff ON tasks (json_extract(document, '$.ended_at'))
    WHERE json_extract(document, '$.result.report.patch.diff') <> ''
    OR json_extract(document, '$.result.stopped.partial_patch.diff') <> '';
CREATE INDEX incident_history_with_words ON incident_history (json_extract(document, '$.at'))
    WHERE json_extract(document, '$.request') <> '{}';
CREATE INDEX incident_history_of_course ON incident_history (json_extract(document, '$.at'))
    WHERE json_extract(document, '$.kind') IN ('reported', 'state');
