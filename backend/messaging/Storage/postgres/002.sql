-- The accounts' archives (docs/PROTOCOL.md §10): what an account's own devices keep for each other. One log an account, whatever conversation
-- a segment speaks of; only the account's devices can tell.

CREATE TABLE archive (
    account  BYTEA    PRIMARY KEY,
    version  BIGINT NOT NULL,       -- counts changes of state and id
    state    BYTEA    NOT NULL,       -- sealed by the account's devices
    id       BYTEA    NOT NULL,       -- empty where it is switched off
    head     BIGINT NOT NULL,       -- number of the newest segment
    bytes    BIGINT NOT NULL        -- that the segments take
);

CREATE TABLE archive_segment (
    account   BYTEA    NOT NULL,
    number    BIGINT NOT NULL,
    previous  BYTEA    NOT NULL,      -- link of the segment before
    expires   BIGINT NOT NULL,      -- 0: never
    replaces  BYTEA    NOT NULL,      -- numbers of 8 bytes each
    digest    BYTEA    NOT NULL,      -- SHA-256 of sealed, for the time after
    sealed    BYTEA,                  -- null once expired or replaced: the chain goes on without it
    PRIMARY KEY (account, number)
);

CREATE INDEX archive_segment_expires ON archive_segment (expires) WHERE expires > 0 AND sealed IS NOT NULL;

ALTER TABLE archive_segment ALTER COLUMN sealed SET STORAGE EXTERNAL;
