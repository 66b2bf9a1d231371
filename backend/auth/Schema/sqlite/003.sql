-- What opens the account for a new device, under a key that never comes here.
CREATE TABLE vault (
  account   BLOB NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  number    INTEGER NOT NULL,
  body      BLOB NOT NULL,
  signature BLOB NOT NULL
);

-- Replacements of the account key: devices that were away follow them one by one.
CREATE TABLE key_change (
  account BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  number  INTEGER NOT NULL,             -- of the first device list under the new key
  body    BLOB NOT NULL,
  PRIMARY KEY (account, number)
);

-- An existing device lets another one in: one at a time, for a minute.
CREATE TABLE link (
  account       BLOB NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  id            BLOB NOT NULL UNIQUE,
  granter       BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  commitment    BLOB NOT NULL,
  joiner        BLOB REFERENCES device (id) ON DELETE CASCADE,
  joiner_nonce  BLOB,
  granter_nonce BLOB,
  expires       INTEGER NOT NULL        -- seconds since 1970
);

CREATE INDEX link_granter ON link (granter);
CREATE INDEX link_joiner ON link (joiner);

-- What a removed device is told when it comes back, if it proves its key; forgotten after half a year, but for the id.
ALTER TABLE retired_device ADD COLUMN device_key BLOB;
ALTER TABLE retired_device ADD COLUMN reason TEXT;
ALTER TABLE retired_device ADD COLUMN device_list BLOB;  -- the first signed list without it
ALTER TABLE retired_device ADD COLUMN since INTEGER;
