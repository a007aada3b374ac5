-- What is shown live beside a question, or was.
CREATE TABLE demos (
    approval_id TEXT NOT NULL UNIQUE
        GENERATED ALWAYS AS (json_extract(document, '$.approval_id')) STORED,
    state TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.state')) STORED,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(document))
);
CREATE INDEX demos_under_way ON demos (state) WHERE state IN ('wanted', 'starting', 'live');
