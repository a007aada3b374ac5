-- What each channel shows. A subject stands once per place; `number` keeps their order.
CREATE TABLE messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.channel')) STORED,
    subject TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.subject')) STORED,
    place TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.place')) STORED,
    state TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.state')) STORED,
    posted_at TEXT NOT NULL,
    ref TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.ref')) STORED,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(posted_at, document)),
    UNIQUE (channel, subject, place)
);
CREATE INDEX messages_by_ref ON messages (channel, ref);
CREATE INDEX messages_by_age ON messages (channel, posted_at);
CREATE INDEX messages_unsettled ON messages (channel, number)
    WHERE state IN ('sending', 'shown');

-- Updates that were dealt with: a set, as ids of a channel need not grow.
CREATE TABLE updates (
    channel TEXT NOT NULL,
    update_id TEXT NOT NULL,
    noted_at TEXT NOT NULL,
    PRIMARY KEY (channel, update_id)
) WITHOUT ROWID;
CREATE INDEX updates_by_age ON updates (noted_at);

-- What was understood of words, until the person says yes.
CREATE TABLE proposals (
    nonce TEXT NOT NULL PRIMARY KEY,
    expires_at TEXT NOT NULL,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(nonce, expires_at, document))
) WITHOUT ROWID;
CREATE INDEX proposals_by_age ON proposals (expires_at);
