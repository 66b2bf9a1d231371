-- The accounts' archives (docs/PROTOCOL.md §10): what an account's own devices keep for each other. One log an account, whatever conversation
-- a segment speaks of; only the account's devices can tell.

CREATE TABLE archive (
    account  BLOB    PRIMARY KEY,
    version  INTEGER NOT NULL,       -- counts changes of state and id
    state    BLOB    NOT NULL,       -- sealed by the account's devices
    id       BLOB    NOT NULL,       -- empty where it is switched off
    head     INTEGER NOT NULL,       -- number of the newest segment
    bytes    INTEGER NOT NULL        -- that the segments take
) STRICT, WITHOUT ROWID;

CREATE TABLE archive_segment (
    account   BLOB    NOT NULL,
    number    INTEGER NOT NULL,
    previous  BLOB    NOT NULL,      -- link of the segment before
    expires   INTEGER NOT NULL,      -- 0: never
    replaces  BLOB    NOT NULL,      -- numbers of 8 bytes each
    digest    BLOB    NOT NULL,      -- SHA-256 of sealed, for the time after
    sealed    BLOB,                  -- null once expired or replaced: the chain goes on without it
    UNIQUE (account, number)
) STRICT;

CREATE INDEX archive_segment_expires ON archive_segment (expires) WHERE expires > 0 AND sealed IS NOT NULL;
