-- A call that was never settled counts as it was reserved. Money is whole billionths of a dollar.
CREATE TABLE spendings (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    reservation_id TEXT NOT NULL UNIQUE
        GENERATED ALWAYS AS (json_extract(document, '$.reservation_id')) STORED,
    task_id TEXT REFERENCES tasks (task_id)
        GENERATED ALWAYS AS (nullif(json_extract(document, '$.task_id'), '')) STORED,
    reserved_at TEXT NOT NULL,
    tokens INTEGER NOT NULL GENERATED ALWAYS AS (
        CASE WHEN json_extract(document, '$.settled_at') IS NULL
            THEN json_extract(document, '$.reserved_tokens')
            ELSE json_extract(document, '$.tokens.sent')
                + json_extract(document, '$.tokens.received')
        END) STORED,
    nanos INTEGER GENERATED ALWAYS AS (
        CAST(round(1e9 * CASE WHEN json_extract(document, '$.settled_at') IS NULL
            THEN json_extract(document, '$.reserved_usd')
            ELSE json_extract(document, '$.cost_usd')
        END) AS INTEGER)) STORED,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(reserved_at, document))
);
CREATE INDEX spendings_by_task ON spendings (task_id, tokens, nanos);
CREATE INDEX spendings_by_time ON spendings (reserved_at, tokens, nanos);

CREATE TABLE budgets (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL UNIQUE
        GENERATED ALWAYS AS (json_extract(document, '$.subject')) STORED,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(document))
);
