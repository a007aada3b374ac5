-- Alerts of the house itself; one that is over stays until it may be told again.
CREATE TABLE alerts (
    name TEXT NOT NULL UNIQUE GENERATED ALWAYS AS (json_extract(document, '$.name')) STORED,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(document))
);
