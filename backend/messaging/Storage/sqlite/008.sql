-- What the dashboard shows of conversations and of growth (docs/PROTOCOL.md §5.11): days, never hours; 0 for streams of before.
ALTER TABLE stream ADD COLUMN created INTEGER NOT NULL DEFAULT 0; -- days since 1970
ALTER TABLE stream ADD COLUMN rekeyed INTEGER NOT NULL DEFAULT 0; -- the day of the newest commit

CREATE TABLE size_of_day (
    day               INTEGER PRIMARY KEY,  -- days since 1970
    database_bytes    INTEGER NOT NULL,
    attachment_bytes  INTEGER NOT NULL
) STRICT;

-- Where several nodes deliver: how each is, as JSON.
CREATE TABLE node (
    id       BLOB  PRIMARY KEY,
    seen     INTEGER NOT NULL,              -- seconds since 1970
    figures  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
