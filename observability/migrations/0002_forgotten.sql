-- The greatest number among the events that were forgotten; the log is complete after it.
CREATE TABLE forgotten (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    up_to INTEGER NOT NULL
);
INSERT INTO forgotten VALUES (1, 0);
