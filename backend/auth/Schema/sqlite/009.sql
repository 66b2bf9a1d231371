-- What members report to those who run the instance, sealed to them. Who reported is nowhere.

CREATE TABLE report_key (
  account   BLOB NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  body      BLOB NOT NULL,
  signature BLOB NOT NULL                -- the account key's
);

CREATE TABLE report (
  id     BLOB NOT NULL PRIMARY KEY,
  filed  INTEGER NOT NULL,
  sealed BLOB NOT NULL
);

CREATE TABLE report_copy (
  report  BLOB NOT NULL REFERENCES report (id) ON DELETE CASCADE,
  account BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  sealed  BLOB NOT NULL,                 -- what opens the report, to this account
  PRIMARY KEY (report, account)
);

CREATE INDEX report_copy_account ON report_copy (account);
