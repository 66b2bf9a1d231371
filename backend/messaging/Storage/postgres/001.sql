-- The delivery service on PostgreSQL. Ids are 16 random bytes; times are seconds since 1970. It differs from SQLite's where several nodes write:
-- a stream has a version, its keys come from a sequence, and a run is found by its stream.

CREATE SEQUENCE stream_key INCREMENT BY 1000; -- a node takes a thousand at a time

CREATE TABLE stream (
    key      BIGINT PRIMARY KEY,      -- short name for the other tables
    id       BYTEA  NOT NULL,         -- the stream's id, or an inbox's device
    inbox    BIGINT NOT NULL,         -- 1: the inbox of device id
    epoch    BIGINT NOT NULL,         -- commit entries so far
    head     BIGINT NOT NULL,         -- seq of the newest entry
    version  BIGINT NOT NULL,         -- counts changes of its subscribers, acknowledgements aside
    UNIQUE (id, inbox)
) WITH (fillfactor = 70);             -- the head moves all the time: room to move it in place

CREATE TABLE subscriber (
    stream      BIGINT NOT NULL,
    device      BYTEA  NOT NULL,
    first       BIGINT NOT NULL,      -- may read from here
    last        BIGINT,               -- up to here, once removed
    left_epoch  BIGINT,               -- the stream's epoch when it was removed
    acked       BIGINT NOT NULL,      -- everything up to here is safely stored on the device
    PRIMARY KEY (stream, device)
) WITH (fillfactor = 70);

CREATE INDEX subscriber_of_device ON subscriber (device, stream);
CREATE INDEX subscriber_leaving ON subscriber (stream) WHERE last IS NOT NULL;

-- Entries of one stream that were stored together, without a gap: one row for what one transaction brought, because a row costs
-- more than a kilobyte. A commit stands alone in its run, as does an entry too large for a frame.
CREATE TABLE run (
    stream   BIGINT NOT NULL,
    first    BIGINT NOT NULL,         -- seq of the first entry
    last     BIGINT NOT NULL,         -- seq of the last entry
    epoch    BIGINT NOT NULL,         -- the stream's epoch after the run
    expires  BIGINT NOT NULL,
    ids      BYTEA  NOT NULL,         -- the entries' ids, to answer a repeated append
    entries  BYTEA  NOT NULL,         -- the entries as they are delivered
    payload  BYTEA,                   -- of an entry that is delivered detached
    PRIMARY KEY (stream, last)
);

CREATE INDEX run_expires ON run (expires);

-- Ciphertext and random ids: trying to compress them only costs time.
ALTER TABLE run ALTER COLUMN ids SET STORAGE EXTERNAL, ALTER COLUMN entries SET STORAGE EXTERNAL, ALTER COLUMN payload SET STORAGE EXTERNAL;

CREATE TABLE welcome (
    stream   BIGINT NOT NULL,
    seq      BIGINT NOT NULL,         -- of the commit it came with
    expires  BIGINT NOT NULL,
    payload  BYTEA  NOT NULL,
    PRIMARY KEY (stream, seq)
);

ALTER TABLE welcome ALTER COLUMN payload SET STORAGE EXTERNAL;

-- Who may still fetch a Welcome: an added device, until it acknowledges the notice in its inbox.
CREATE TABLE welcome_for (
    device  BYTEA  NOT NULL,
    notice  BIGINT NOT NULL,          -- seq of the notice in the device's inbox
    stream  BIGINT NOT NULL,
    seq     BIGINT NOT NULL,
    PRIMARY KEY (device, notice)
);

CREATE INDEX welcome_for_of_stream ON welcome_for (stream, seq);

-- Devices removed from their account: never served or subscribed again.
CREATE TABLE removed_device (
    device  BYTEA PRIMARY KEY
);
