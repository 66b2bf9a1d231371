-- The instance's signature of number and hash, by a key outside the database: nobody who has the database alone adds a record, or makes the log anew.
ALTER TABLE audit ADD COLUMN signature BYTEA NOT NULL DEFAULT ''::bytea;
