-- What an account's devices know of its conversations beside what is said in them (docs/PROTOCOL.md §10.7): one sealed record an account.
CREATE TABLE note (
    account  BYTEA  PRIMARY KEY,
    version  BIGINT NOT NULL,       -- counts changes
    sealed   BYTEA  NOT NULL        -- by the account's devices
);

ALTER TABLE note ALTER COLUMN sealed SET STORAGE EXTERNAL;
