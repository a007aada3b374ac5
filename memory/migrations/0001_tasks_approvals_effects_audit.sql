-- Each table holds documents, and columns made of them to find them by. The seal shows a changed bit.
CREATE TABLE tasks (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.status')) STORED,
    outcome TEXT GENERATED ALWAYS AS (json_extract(document, '$.outcome')) STORED,
    workflow TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.request.workflow')) STORED,
    repository TEXT NOT NULL
        GENERATED ALWAYS AS (json_extract(document, '$.request.repository')) STORED,
    source TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.request.source')) STORED,
    urgency TEXT NOT NULL
        GENERATED ALWAYS AS (coalesce(json_extract(document, '$.severity'), 'P2')) STORED,
    cancel_requested INTEGER NOT NULL
        GENERATED ALWAYS AS (json_extract(document, '$.cancel_requested')) STORED,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(document))
);
CREATE INDEX tasks_by_status ON tasks (status, number);
CREATE INDEX tasks_by_outcome ON tasks (outcome, number);
CREATE INDEX tasks_by_repository ON tasks (repository, number);
CREATE INDEX tasks_ready ON tasks (urgency, number) WHERE status IN ('queued', 'running');
CREATE INDEX tasks_to_cancel ON tasks (urgency, number)
    WHERE cancel_requested = 1 AND status NOT IN ('completed', 'failed', 'cancelled');

-- A row stays after its lease ended, so that generations only grow; owner is null while it is free.
CREATE TABLE leases (
    task_id TEXT NOT NULL PRIMARY KEY REFERENCES tasks (task_id),
    owner TEXT,
    generation INTEGER NOT NULL,
    expires_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX leases_held ON leases (expires_at) WHERE owner IS NOT NULL;

CREATE TABLE idempotency_keys (
    key TEXT NOT NULL PRIMARY KEY,
    request_hash TEXT NOT NULL,
    task_id TEXT NOT NULL REFERENCES tasks (task_id),
    created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE approvals (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    approval_id TEXT NOT NULL UNIQUE
        GENERATED ALWAYS AS (json_extract(document, '$.approval_id')) STORED,
    task_id TEXT NOT NULL REFERENCES tasks (task_id)
        GENERATED ALWAYS AS (json_extract(document, '$.question.task_id')) STORED,
    interrupt_id TEXT NOT NULL
        GENERATED ALWAYS AS (json_extract(document, '$.interrupt_id')) STORED,
    kind TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.question.kind')) STORED,
    patch_hash TEXT NOT NULL
        GENERATED ALWAYS AS (json_extract(document, '$.question.patch_hash')) STORED,
    nonce TEXT NOT NULL UNIQUE GENERATED ALWAYS AS (json_extract(document, '$.nonce')) STORED,
    state TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.state')) STORED,
    applied_at TEXT GENERATED ALWAYS AS (json_extract(document, '$.applied_at')) STORED,
    expires_at TEXT NOT NULL,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(expires_at, document)),
    UNIQUE (task_id, interrupt_id)
);
CREATE INDEX approvals_pending_first ON approvals (state <> 'pending', number DESC);
CREATE INDEX approvals_by_task ON approvals (task_id, state, number);
CREATE INDEX approvals_by_state ON approvals (state, number);
CREATE INDEX approvals_due ON approvals (expires_at) WHERE state = 'pending';
CREATE INDEX approvals_to_apply ON approvals (task_id, number)
    WHERE applied_at IS NULL AND state NOT IN ('pending', 'void');

CREATE TABLE effects (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE GENERATED ALWAYS AS (json_extract(document, '$.key')) STORED,
    task_id TEXT NOT NULL REFERENCES tasks (task_id)
        GENERATED ALWAYS AS (json_extract(document, '$.task_id')) STORED,
    state TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.state')) STORED,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(document))
);
CREATE INDEX effects_open ON effects (task_id, number) WHERE state = 'started';

CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    entry TEXT NOT NULL,
    digest TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(number, at, entry, digest))
);
CREATE TRIGGER audit_rows_stay BEFORE DELETE ON audit
    BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_rows_hold BEFORE UPDATE ON audit
    BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;

-- Written to find out whether writing works.
CREATE TABLE touches (id INTEGER PRIMARY KEY, times INTEGER NOT NULL);
