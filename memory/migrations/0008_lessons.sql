-- Which rules a role has, and has not, in a task that is not concluded yet.
CREATE TABLE rule_uses (
    task_id TEXT NOT NULL,
    role TEXT NOT NULL,
    rule TEXT NOT NULL,
    shown INTEGER NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(task_id, role, rule, shown)),
    PRIMARY KEY (task_id, role, rule)
) WITHOUT ROWID;

-- A row for each role of each concluded task, so that none is counted twice.
CREATE TABLE role_results (
    role TEXT NOT NULL,
    task_id TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    well INTEGER NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(role, task_id, ended_at, well)),
    PRIMARY KEY (role, task_id)
) WITHOUT ROWID;

-- How the tasks ended in which a rule was shown, and those from which it was left out.
CREATE TABLE rule_records (
    role TEXT NOT NULL,
    rule TEXT NOT NULL,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(role, rule, document)),
    PRIMARY KEY (role, rule)
) WITHOUT ROWID;

-- How many tasks a role had completed when it last thought about them.
CREATE TABLE reflections (
    role TEXT NOT NULL PRIMARY KEY,
    tasks INTEGER NOT NULL,
    reflected_at TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(role, tasks, reflected_at))
) WITHOUT ROWID;
