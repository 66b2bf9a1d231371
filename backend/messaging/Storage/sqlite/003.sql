-- Where to wake a device that is not connected (docs/PROTOCOL.md §11): what its browser gave, one row a device. Losing it loses no message.

CREATE TABLE push_subscription (
    device    BLOB  PRIMARY KEY,
    account   BLOB  NOT NULL,
    endpoint  TEXT  NOT NULL,        -- an address at a push service
    key       BLOB  NOT NULL,        -- the browser's public key, a point of P-256
    secret    BLOB  NOT NULL         -- the browser's authentication secret
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX push_subscription_of_endpoint ON push_subscription (endpoint);
