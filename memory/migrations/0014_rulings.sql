-- What was decided on each question, apart from the words that asked, which may be long: so that
-- statistics never read these.
CREATE TABLE rulings (
    number INTEGER PRIMARY KEY REFERENCES approvals (number),
    kind TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.kind')) STORED,
    choice TEXT NOT NULL GENERATED ALWAYS AS (json_extract(document, '$.decision.choice')) STORED,
    document TEXT NOT NULL,
    seal INTEGER NOT NULL CHECK (seal = checksum(document))
);
INSERT INTO rulings (number, document, seal)
    SELECT number, ruling, checksum(ruling) FROM (
        SELECT number, json_object(
            'approval_id', json_extract(document, '$.approval_id'),
            'task_id', json_extract(document, '$.question.task_id'),
            'kind', json_extract(document, '$.question.kind'),
            'revision', json_extract(document, '$.revision'),
            'patch_hash', json_extract(document, '$.question.patch_hash'),
            'patch_ref', json_extract(document, '$.question.patch_ref'),
            'decision', json_extract(document, '$.decision'),
            'decided_at', json_extract(document, '$.decided_at')
        ) AS ruling FROM approvals WHERE json_extract(document, '$.decided_at') IS NOT NULL
    );
