-- What nodes seal their messages on Redis with, so that whoever can publish there cannot speak for one of them. One row, made by the first node that starts.

CREATE TABLE redis_key (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    key BYTEA  NOT NULL             -- 32 random bytes
);
