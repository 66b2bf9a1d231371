-- What an owner has set in the dashboard: one row a kind, sealed by a key outside the database.
CREATE TABLE setting (
  name   TEXT NOT NULL PRIMARY KEY,
  sealed BYTEA NOT NULL
);
