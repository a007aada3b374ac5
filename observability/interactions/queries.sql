-- Every question that is put to the log, in BigQuery's SQL; only what SQLite can be given too.

-- name: costs
SELECT
    DATE(ts) AS day, role, model,
    COUNT(*) AS calls,
    SUM(tokens_in) AS tokens_in,
    SUM(tokens_out) AS tokens_out,
    SUM(tokens_cached) AS tokens_cached,
    COALESCE(SUM(cost_usd), 0.0) AS cost_usd,
    COUNTIF(cost_usd IS NULL) AS unpriced_calls
FROM agent_interactions
WHERE ts >= @since AND ts < @until
GROUP BY day, role, model
ORDER BY day, role, model;

-- name: success_rates
SELECT
    role,
    COUNT(*) AS tasks,
    COUNTIF(success) AS successes,
    AVG(CASE WHEN success THEN 1.0 ELSE 0.0 END) AS rate,
    COALESCE(SUM(cost_usd), 0.0) AS cost_usd,
    SUM(tokens_in + tokens_out) AS tokens
FROM agent_metrics
WHERE ts >= @since AND ts < @until
GROUP BY role
ORDER BY role;

-- name: task_costs
SELECT
    DATE(ts) AS day, task_id,
    COUNT(*) AS calls,
    SUM(tokens_in) AS tokens_in,
    SUM(tokens_out) AS tokens_out,
    COALESCE(SUM(cost_usd), 0.0) AS cost_usd,
    COUNTIF(cost_usd IS NULL) AS unpriced_calls
FROM agent_interactions
WHERE ts >= @since AND ts < @until
GROUP BY day, task_id
ORDER BY day, task_id;

-- name: model_outcomes
SELECT i.model, m.outcome, COUNT(DISTINCT m.task_id) AS tasks
FROM agent_metrics AS m
JOIN agent_interactions AS i ON i.task_id = m.task_id AND i.role = m.role
WHERE m.ts >= @since AND m.ts < @until
GROUP BY i.model, m.outcome
ORDER BY i.model, m.outcome;

-- name: call_rates
SELECT role, model, COUNT(*) AS calls, COUNTIF(NOT success) AS failures
FROM agent_interactions
WHERE ts >= @since AND error <> 'CancelledError'
GROUP BY role, model
ORDER BY role, model;

-- name: latencies
WITH ranked AS (
    SELECT
        role, model, latency_ms,
        ROW_NUMBER() OVER (PARTITION BY role, model ORDER BY latency_ms) AS place,
        COUNT(*) OVER (PARTITION BY role, model) AS calls
    FROM agent_interactions
    WHERE ts >= @since AND ts < @until AND success
)
SELECT
    role, model,
    MAX(calls) AS calls,
    MIN(CASE WHEN place >= 0.5 * calls THEN latency_ms END) AS p50_ms,
    MIN(CASE WHEN place >= 0.95 * calls THEN latency_ms END) AS p95_ms,
    MIN(CASE WHEN place >= 0.99 * calls THEN latency_ms END) AS p99_ms
FROM ranked
GROUP BY role, model
ORDER BY role, model;

-- name: latest_of_role
SELECT i.*, m.outcome
FROM agent_interactions AS i
LEFT JOIN agent_metrics AS m ON m.task_id = i.task_id AND m.role = i.role
WHERE i.ts >= @since AND i.role = @role
ORDER BY i.ts DESC, i.id DESC
LIMIT @limit;

-- name: latest
SELECT i.*, m.outcome
FROM agent_interactions AS i
LEFT JOIN agent_metrics AS m ON m.task_id = i.task_id AND m.role = i.role
WHERE
    i.ts >= @since
    AND i.id IN (
        SELECT id
        FROM agent_interactions
        WHERE
            ts >= @since
            AND (@role = '' OR role = @role)
            AND (@task_id = '' OR task_id = @task_id)
            AND (@success = '' OR (@success = 'true' AND success) OR (@success = 'false' AND NOT success))
        ORDER BY ts DESC, id DESC
        LIMIT @limit
    )
ORDER BY i.ts DESC, i.id DESC;

-- name: conversation
SELECT i.*, m.outcome
FROM agent_interactions AS i
LEFT JOIN agent_metrics AS m ON m.task_id = i.task_id AND m.role = i.role
WHERE
    i.ts >= @after_ts
    AND i.task_id = @task_id
    AND (i.ts > @after_ts OR i.id > @after_id)
ORDER BY i.ts, i.id
LIMIT @limit;

-- name: call
SELECT i.*, m.outcome
FROM agent_interactions AS i
LEFT JOIN agent_metrics AS m ON m.task_id = i.task_id AND m.role = i.role
WHERE i.ts >= @since AND i.task_id = @task_id AND i.id = @id
LIMIT 1;

-- name: memory_diffs
SELECT role, version, ts, added, removed, reason
FROM memory_diffs
WHERE @role = '' OR role = @role
ORDER BY ts DESC, version DESC, role
LIMIT @limit;

-- name: forget
UPDATE agent_interactions
SET system = '', messages = '[]', response = '', calls = '[]', error = ''
WHERE ts < @before AND messages <> '[]' AND STRPOS(@open, CONCAT(',', task_id, ',')) = 0;
