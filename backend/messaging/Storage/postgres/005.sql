-- Attachments (docs/PROTOCOL.md §12): encrypted files that lie in data/blobs under their ids. Nothing says what they are or for whom.

CREATE TABLE attachment (
    id        BYTEA   PRIMARY KEY,
    account   BYTEA   NOT NULL,      -- who put it there: its quota, and who may delete it
    size      BIGINT  NOT NULL,      -- declared before the first byte
    received  BIGINT  NOT NULL,      -- bytes that are safely on the disk
    lives     BIGINT  NOT NULL,      -- seconds from its completion on
    expires   BIGINT  NOT NULL,      -- seconds since 1970; of an incomplete one, when the attempt ends
    reader    BYTEA   NOT NULL       -- SHA-256 of what a reader shows
);

CREATE INDEX attachment_of_account ON attachment (account);
CREATE INDEX attachment_expires ON attachment (expires);

CREATE TABLE attachment_use (
    account  BYTEA   PRIMARY KEY,
    bytes    BIGINT  NOT NULL,       -- of its attachments, as declared
    files    BIGINT  NOT NULL,
    day      BIGINT  NOT NULL,       -- days since 1970
    today    BIGINT  NOT NULL        -- bytes declared on that day
);
