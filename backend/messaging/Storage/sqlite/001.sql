-- The delivery service on SQLite. Ids are 16 random bytes; times are seconds since 1970.

CREATE TABLE stream (
    key    INTEGER PRIMARY KEY,      -- short name for the other tables
    id     BLOB    NOT NULL,         -- the stream's id, or an inbox's device
    inbox  INTEGER NOT NULL,         -- 1: the inbox of device id
    epoch  INTEGER NOT NULL,         -- commit entries so far
    head   INTEGER NOT NULL,         -- seq of the newest entry
    UNIQUE (id, inbox)
) STRICT;

CREATE TABLE subscriber (
    stream      INTEGER NOT NULL,
    device      BLOB    NOT NULL,
    first       INTEGER NOT NULL,    -- may read from here
    last        INTEGER,             -- up to here, once removed
    left_epoch  INTEGER,             -- the stream's epoch when it was removed
    acked       INTEGER NOT NULL,    -- everything up to here is safely stored on the device
    PRIMARY KEY (stream, device)
) STRICT, WITHOUT ROWID;

CREATE INDEX subscriber_of_device ON subscriber (device, stream);

-- Entries of one stream that were stored together, without a gap: one row for what one transaction brought, because a row costs
-- more than a kilobyte. A commit stands alone in its run, as does an entry too large for a frame.
CREATE TABLE run (
    key      INTEGER PRIMARY KEY,
    stream   INTEGER NOT NULL,
    first    INTEGER NOT NULL,       -- seq of the first entry
    last     INTEGER NOT NULL,       -- seq of the last entry
    epoch    INTEGER NOT NULL,       -- the stream's epoch after the run
    expires  INTEGER NOT NULL,
    ids      BLOB    NOT NULL,       -- the entries' ids, to answer a repeated append
    entries  BLOB    NOT NULL,       -- the entries as they are delivered
    payload  BLOB                    -- of an entry that is delivered detached
) STRICT;

CREATE UNIQUE INDEX run_of_stream ON run (stream, last);
CREATE INDEX run_expires ON run (expires);

CREATE TABLE welcome (
    stream   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,       -- of the commit it came with
    expires  INTEGER NOT NULL,
    payload  BLOB    NOT NULL,
    PRIMARY KEY (stream, seq)
) STRICT;

-- Who may still fetch a Welcome: an added device, until it acknowledges the notice in its inbox.
CREATE TABLE welcome_for (
    device  BLOB    NOT NULL,
    notice  INTEGER NOT NULL,        -- seq of the notice in the device's inbox
    stream  INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (device, notice)
) STRICT, WITHOUT ROWID;

CREATE INDEX welcome_for_of_stream ON welcome_for (stream, seq);

-- Devices removed from their account: never served or subscribed again.
CREATE TABLE removed_device (
    device  BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
