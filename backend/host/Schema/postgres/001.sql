-- What nodes tell each other and must not miss: revocations and changed devices, as bytes of ids. Kept for a week.

CREATE TABLE news (
    number    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    published BIGINT NOT NULL,        -- seconds since 1970
    body      BYTEA  NOT NULL
);

CREATE INDEX news_published ON news (published);
