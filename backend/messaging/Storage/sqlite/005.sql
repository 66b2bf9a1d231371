-- Attachments (docs/PROTOCOL.md §12): encrypted files that lie in data/blobs under their ids. Nothing says what they are or for whom.

CREATE TABLE attachment (
    id        BLOB    PRIMARY KEY,
    account   BLOB    NOT NULL,      -- who put it there: its quota, and who may delete it
    size      INTEGER NOT NULL,      -- declared before the first byte
    received  INTEGER NOT NULL,      -- bytes that are safely on the disk
    lives     INTEGER NOT NULL,      -- seconds from its completion on
    expires   INTEGER NOT NULL,      -- seconds since 1970; of an incomplete one, when the attempt ends
    reader    BLOB    NOT NULL       -- SHA-256 of what a reader shows
) STRICT, WITHOUT ROWID;

CREATE INDEX attachment_of_account ON attachment (account);
CREATE INDEX attachment_expires ON attachment (expires);

CREATE TABLE attachment_use (
    account  BLOB    PRIMARY KEY,
    bytes    INTEGER NOT NULL,       -- of its attachments, as declared
    files    INTEGER NOT NULL,
    day      INTEGER NOT NULL,       -- days since 1970
    today    INTEGER NOT NULL        -- bytes declared on that day
) STRICT, WITHOUT ROWID;
