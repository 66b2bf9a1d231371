-- Times are days since 1970 unless a column says otherwise: the server has no use for finer ones.

CREATE TABLE instance (
  id BLOB NOT NULL                      -- 16 random bytes, part of everything that is signed or derived
);

CREATE TABLE account (
  id             BLOB NOT NULL PRIMARY KEY,
  handle         TEXT NOT NULL UNIQUE,
  rank           TEXT NOT NULL CHECK (rank IN ('member', 'owner')),
  email_lookup   BLOB NOT NULL UNIQUE,  -- HMAC of the address, key outside the database
  email_sealed   BLOB NOT NULL,         -- AES-256-GCM of the address, key outside the database
  password       TEXT NOT NULL,         -- bcrypt of a keyed hash of what the client derived, key outside the database
  kdf_algorithm  TEXT NOT NULL,
  kdf_iterations INTEGER NOT NULL,
  account_key    BLOB NOT NULL,
  device_list    BLOB NOT NULL,         -- the newest signed list
  list_number    INTEGER NOT NULL       -- its number
);

-- Whatever races for the set-up link, one owner comes of it.
CREATE UNIQUE INDEX account_owner ON account (rank) WHERE rank = 'owner';

CREATE TABLE device (
  id            BLOB NOT NULL PRIMARY KEY,
  account       BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  device_key    BLOB NOT NULL,
  certificate   BLOB,                   -- absent while the device waits
  grant_key     BLOB,                   -- present while it waits
  sealed_grant  BLOB,                   -- until it was fetched
  added         INTEGER NOT NULL,
  last_seen     INTEGER NOT NULL,
  waiting_until INTEGER                 -- seconds since 1970; absent once certified
);

CREATE INDEX device_account ON device (account);

-- A removed device's id is never given to another one: streams may still name it.
CREATE TABLE retired_device (
  id BLOB NOT NULL PRIMARY KEY
);

CREATE TABLE session (
  id      BLOB NOT NULL PRIMARY KEY,
  device  BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  family  BLOB NOT NULL UNIQUE,         -- SHA-256 of the part that all its refresh tokens share
  refresh BLOB NOT NULL,                -- SHA-256 of the newest refresh token's own part
  former  BLOB,                         -- of the one before it, while that may be repeated
  rotated INTEGER,                      -- seconds since 1970; absent once that time is over
  expires INTEGER NOT NULL
);

CREATE INDEX session_device ON session (device);

CREATE TABLE key_package (
  ref         BLOB NOT NULL PRIMARY KEY, -- SHA-256 of the body
  device      BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  body        BLOB NOT NULL,
  not_after   INTEGER NOT NULL,          -- seconds since 1970, as the key package says
  last_resort INTEGER NOT NULL CHECK (last_resort IN (0, 1)),
  used        INTEGER NOT NULL CHECK (used IN (0, 1)) -- last resort only: was handed out
);

CREATE INDEX key_package_device ON key_package (device, last_resort, not_after);

CREATE TABLE invite (
  id        BLOB NOT NULL PRIMARY KEY,
  secret    BLOB NOT NULL UNIQUE,        -- SHA-256 of the secret
  rank      TEXT NOT NULL CHECK (rank IN ('member', 'owner')),
  uses_left INTEGER NOT NULL CHECK (uses_left >= 0),
  expires   INTEGER NOT NULL             -- seconds since 1970
);
