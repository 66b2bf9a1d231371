-- Nodes share who was woken (docs/PROTOCOL.md §11). Browsers put their subscriptions again whenever they are opened, so there is nothing to take along.
DROP TABLE push_subscription;

CREATE TABLE push_subscription (
    device    BLOB    PRIMARY KEY,
    account   BLOB    NOT NULL,
    session   BLOB    NOT NULL,      -- that put it: it goes with it
    endpoint  TEXT    NOT NULL,      -- an address at a push service
    key       BLOB    NOT NULL,      -- the browser's public key, a point of P-256
    secret    BLOB    NOT NULL,      -- the browser's authentication secret
    woken     INTEGER NOT NULL,      -- 1: since it was last connected
    claimed   INTEGER NOT NULL       -- since when a node is waking it, seconds since 1970; 0 if none is
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX push_subscription_of_endpoint ON push_subscription (endpoint);
CREATE INDEX push_subscription_of_session ON push_subscription (session);
