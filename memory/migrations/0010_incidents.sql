-- Faults under care. Of one fingerprint there is one at most that is not resolved, and of one
-- incident one task at most that has not ended: these two keys decide every race of reports.
CREATE TABLE incidents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id TEXT NOT NULL UNIQUE
        GENERATED ALWAYS AS (json_extract(document, '$.incident_id')) STORED,
    fingerprint TEXT NOT NULL
        GENERATED ALWAYS AS (json_extract(document, '$.fingerprint')) STORED,
    state TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.state')) STORED,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(document))
);
CREATE UNIQUE INDEX incidents_under_care ON incidents (fingerprint) WHERE state <> 'resolved';
CREATE INDEX incidents_by_fingerprint ON incidents (fingerprint, number);
CREATE INDEX incidents_by_state ON incidents (state, number);

CREATE TABLE incident_history (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id TEXT NOT NULL REFERENCES incidents (incident_id),
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(incident_id, document))
);
CREATE INDEX incident_history_by_incident ON incident_history (incident_id, number);

ALTER TABLE tasks ADD COLUMN incident_id TEXT
    GENERATED ALWAYS AS (nullif(json_extract(document, '$.incident_id'), '')) VIRTUAL;
CREATE UNIQUE INDEX tasks_one_active_of_incident ON tasks (incident_id)
    WHERE incident_id IS NOT NULL AND status NOT IN ('completed', 'failed', 'cancelled');
CREATE INDEX tasks_by_incident ON tasks (incident_id, number) WHERE incident_id IS NOT NULL;
