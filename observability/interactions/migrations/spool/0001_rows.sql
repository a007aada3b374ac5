-- Rows on their way to the cloud. What arrived stays by its id alone, so that it never goes twice.
CREATE TABLE rows (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    table_name TEXT NOT NULL,
    row_id TEXT NOT NULL,
    document TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'tried', 'arrived', 'refused')),
    UNIQUE (table_name, row_id)
);
CREATE INDEX rows_on_their_way ON rows (number) WHERE state IN ('waiting', 'tried');
