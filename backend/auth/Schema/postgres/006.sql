-- Who made an invite: it ends when they may make no more such, or are gone. Absent for the set-up link.
ALTER TABLE invite ADD COLUMN creator BYTEA;
