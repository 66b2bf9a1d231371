-- Which beginning of an account (docs/PROTOCOL.md §5.10) its archive and notes were deleted for: news of it that come again leave alone what came after.
CREATE TABLE begun_afresh (
    account  BYTEA  PRIMARY KEY,
    number   BIGINT NOT NULL        -- of the first device list under the new key
);
