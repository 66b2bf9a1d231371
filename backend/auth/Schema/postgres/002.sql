-- What must be remembered for some minutes, over a restart too.

-- A challenge opens one session: kept until it would have expired anyway.
CREATE TABLE used_challenge (
  random  BYTEA NOT NULL PRIMARY KEY,    -- its random part
  expires BIGINT NOT NULL              -- seconds since 1970
);

-- A session that ended before its access tokens did. The delivery service is told again after a restart.
CREATE TABLE ended_session (
  id      BYTEA NOT NULL PRIMARY KEY,
  expires BIGINT NOT NULL              -- seconds since 1970, when its last access token is over
);
