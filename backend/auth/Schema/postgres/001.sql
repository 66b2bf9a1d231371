-- Times are days since 1970 unless a column says otherwise: the server has no use for finer ones.

CREATE TABLE instance (
  id BYTEA NOT NULL                      -- 16 random bytes, part of everything that is signed or derived
);

CREATE TABLE account (
  id             BYTEA NOT NULL PRIMARY KEY,
  handle         TEXT NOT NULL UNIQUE,
  rank           TEXT NOT NULL CHECK (rank IN ('member', 'owner')),
  email_lookup   BYTEA NOT NULL UNIQUE,  -- HMAC of the address, key outside the database
  email_sealed   BYTEA NOT NULL,         -- AES-256-GCM of the address, key outside the database
  password       TEXT NOT NULL,         -- bcrypt of a keyed hash of what the client derived, key outside the database
  kdf_algorithm  TEXT NOT NULL,
  kdf_iterations BIGINT NOT NULL,
  account_key    BYTEA NOT NULL,
  device_list    BYTEA NOT NULL,         -- the newest signed list
  list_number    BIGINT NOT NULL       -- its number
);

-- Whatever races for the set-up link, one owner comes of it.
CREATE UNIQUE INDEX account_owner ON account (rank) WHERE rank = 'owner';

CREATE TABLE device (
  id            BYTEA NOT NULL PRIMARY KEY,
  account       BYTEA NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  device_key    BYTEA NOT NULL,
  certificate   BYTEA,                   -- absent while the device waits
  grant_key     BYTEA,                   -- present while it waits
  sealed_grant  BYTEA,                   -- until it was fetched
  added         BIGINT NOT NULL,
  last_seen     BIGINT NOT NULL,
  waiting_until BIGINT                 -- seconds since 1970; absent once certified
);

CREATE INDEX device_account ON device (account);

-- A removed device's id is never given to another one: streams may still name it.
CREATE TABLE retired_device (
  id BYTEA NOT NULL PRIMARY KEY
);

CREATE TABLE session (
  id      BYTEA NOT NULL PRIMARY KEY,
  device  BYTEA NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  family  BYTEA NOT NULL UNIQUE,         -- SHA-256 of the part that all its refresh tokens share
  refresh BYTEA NOT NULL,                -- SHA-256 of the newest refresh token's own part
  former  BYTEA,                         -- of the one before it, while that may be repeated
  rotated BIGINT,                      -- seconds since 1970; absent once that time is over
  expires BIGINT NOT NULL
);

CREATE INDEX session_device ON session (device);

CREATE TABLE key_package (
  ref         BYTEA NOT NULL PRIMARY KEY, -- SHA-256 of the body
  device      BYTEA NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  body        BYTEA NOT NULL,
  not_after   BIGINT NOT NULL,          -- seconds since 1970, as the key package says
  last_resort BIGINT NOT NULL CHECK (last_resort IN (0, 1)),
  used        BIGINT NOT NULL CHECK (used IN (0, 1)) -- last resort only: was handed out
);

CREATE INDEX key_package_device ON key_package (device, last_resort, not_after);

CREATE TABLE invite (
  id        BYTEA NOT NULL PRIMARY KEY,
  secret    BYTEA NOT NULL UNIQUE,        -- SHA-256 of the secret
  rank      TEXT NOT NULL CHECK (rank IN ('member', 'owner')),
  uses_left BIGINT NOT NULL CHECK (uses_left >= 0),
  expires   BIGINT NOT NULL             -- seconds since 1970
);
