-- Where to wake a device that is not connected (docs/PROTOCOL.md §11): what its browser gave, one row a device. Losing it loses no message.

CREATE TABLE push_subscription (
    device    BYTEA  PRIMARY KEY,
    account   BYTEA  NOT NULL,
    endpoint  TEXT  NOT NULL,        -- an address at a push service
    key       BYTEA  NOT NULL,        -- the browser's public key, a point of P-256
    secret    BYTEA  NOT NULL         -- the browser's authentication secret
);

CREATE UNIQUE INDEX push_subscription_of_endpoint ON push_subscription (endpoint);
