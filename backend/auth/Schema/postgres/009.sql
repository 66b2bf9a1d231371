-- What members report to those who run the instance, sealed to them. Who reported is nowhere.

CREATE TABLE report_key (
  account   BYTEA NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  body      BYTEA NOT NULL,
  signature BYTEA NOT NULL                -- the account key's
);

CREATE TABLE report (
  id     BYTEA NOT NULL PRIMARY KEY,
  filed  BIGINT NOT NULL,
  sealed BYTEA NOT NULL
);

CREATE TABLE report_copy (
  report  BYTEA NOT NULL REFERENCES report (id) ON DELETE CASCADE,
  account BYTEA NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  sealed  BYTEA NOT NULL,                 -- what opens the report, to this account
  PRIMARY KEY (report, account)
);

CREATE INDEX report_copy_account ON report_copy (account);
