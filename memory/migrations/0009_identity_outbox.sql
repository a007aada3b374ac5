-- Copies of identities that are kept elsewhere, by place, and the versions below each.
CREATE TABLE identity_copies (
    place TEXT NOT NULL,
    role TEXT NOT NULL,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(place, role, document)),
    PRIMARY KEY (place, role)
) WITHOUT ROWID;

-- When all identities of a place were copied last.
CREATE TABLE identity_looks (
    place TEXT NOT NULL PRIMARY KEY,
    looked_at TEXT NOT NULL
) WITHOUT ROWID;

-- Changes of identities that wait until the place can be reached.
CREATE TABLE identity_writes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    place TEXT NOT NULL,
    role TEXT NOT NULL,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(place, role, document))
);
