-- What opens the account for a new device, under a key that never comes here.
CREATE TABLE vault (
  account   BYTEA NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  number    BIGINT NOT NULL,
  body      BYTEA NOT NULL,
  signature BYTEA NOT NULL
);

-- Replacements of the account key: devices that were away follow them one by one.
CREATE TABLE key_change (
  account BYTEA NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  number  BIGINT NOT NULL,             -- of the first device list under the new key
  body    BYTEA NOT NULL,
  PRIMARY KEY (account, number)
);

-- An existing device lets another one in: one at a time, for a minute.
CREATE TABLE link (
  account       BYTEA NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  id            BYTEA NOT NULL UNIQUE,
  granter       BYTEA NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  commitment    BYTEA NOT NULL,
  joiner        BYTEA REFERENCES device (id) ON DELETE CASCADE,
  joiner_nonce  BYTEA,
  granter_nonce BYTEA,
  expires       BIGINT NOT NULL        -- seconds since 1970
);

CREATE INDEX link_granter ON link (granter);
CREATE INDEX link_joiner ON link (joiner);

-- What a removed device is told when it comes back, if it proves its key; forgotten after half a year, but for the id.
ALTER TABLE retired_device ADD COLUMN device_key BYTEA;
ALTER TABLE retired_device ADD COLUMN reason TEXT;
ALTER TABLE retired_device ADD COLUMN device_list BYTEA;  -- the first signed list without it
ALTER TABLE retired_device ADD COLUMN since BIGINT;
