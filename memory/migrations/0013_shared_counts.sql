-- How a task ended for a rule, on its way to where all houses count together.
CREATE TABLE rule_counts_waiting (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    role TEXT NOT NULL,
    task_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    shown INTEGER NOT NULL,
    well INTEGER NOT NULL,
    ended_at TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(role, task_id, rule, shown, well, ended_at))
);

-- The records of a role as all houses counted them, as they were read last.
CREATE TABLE rule_count_copies (
    place TEXT NOT NULL,
    role TEXT NOT NULL,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(place, role, document)),
    PRIMARY KEY (place, role)
) WITHOUT ROWID;
