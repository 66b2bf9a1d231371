-- Accounts that were deleted a moment ago: said again at the next start, should the process end before everybody has heard.
CREATE TABLE closed_account (
  body   BYTEA NOT NULL PRIMARY KEY,     -- AES-256-GCM of the account's id, key outside the database
  closed BIGINT NOT NULL               -- seconds since 1970
);
