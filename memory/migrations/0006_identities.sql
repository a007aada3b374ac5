-- Every saved version of what a role has learned; the highest one holds, the last ten are kept.
CREATE TABLE identities (
    role TEXT NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(role, version, document)),
    PRIMARY KEY (role, version)
) WITHOUT ROWID;
