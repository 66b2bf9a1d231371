-- Who runs the instance, what became of accounts, what the instance asks of its clients, and what was done to whom.

DROP INDEX account_owner;
ALTER TABLE account ADD COLUMN office TEXT NOT NULL DEFAULT 'member' CHECK (office IN ('member', 'moderator', 'admin', 'owner'));
UPDATE account SET office = rank;
ALTER TABLE account DROP COLUMN rank;
ALTER TABLE account RENAME COLUMN office TO rank;
ALTER TABLE account ADD COLUMN state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'left'));

ALTER TABLE invite ADD COLUMN office TEXT NOT NULL DEFAULT 'member' CHECK (office IN ('member', 'moderator', 'admin', 'owner'));
UPDATE invite SET office = rank;
ALTER TABLE invite DROP COLUMN rank;
ALTER TABLE invite RENAME COLUMN office TO rank;

-- The newest alone.
CREATE TABLE policy (
  number    BIGINT NOT NULL PRIMARY KEY,
  body      BYTEA NOT NULL,               -- JSON, as it was signed
  signature BYTEA NOT NULL
);

-- Rows are only ever added.
CREATE TABLE audit (
  number  BIGINT NOT NULL PRIMARY KEY,
  at      BIGINT NOT NULL,              -- minutes since 1970
  actor   BYTEA NOT NULL,                 -- an account, which may be gone
  act     TEXT NOT NULL,
  subject BYTEA,                          -- likewise
  detail  TEXT NOT NULL,
  hash    BYTEA NOT NULL                  -- of this row and of the hash before
);
