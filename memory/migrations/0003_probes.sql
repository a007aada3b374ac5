CREATE TABLE probes (
    key TEXT PRIMARY KEY,
    probed_at TEXT NOT NULL,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(key, probed_at, document))
);
