-- What an account's devices know of its conversations beside what is said in them (docs/PROTOCOL.md §10.7): one sealed record an account.
CREATE TABLE note (
    account  BLOB    PRIMARY KEY,
    version  INTEGER NOT NULL,       -- counts changes
    sealed   BLOB    NOT NULL        -- by the account's devices
) STRICT, WITHOUT ROWID;
