#!/bin/sh
# Runs once, when the database is made: the server's own user, who owns the database kavalek and may do nothing beside it.
set -eu
password=$(cat /run/secrets/kavalek_password)
[ ${#password} -ge 32 ] || { echo "the secret kavalek_password is shorter than 32 characters" >&2; exit 1; }
# psql quotes the password itself; it is never part of the text of a statement here.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set password="$password" <<'SQL'
CREATE ROLE kavalek LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
ALTER DATABASE kavalek OWNER TO kavalek;
REVOKE ALL ON DATABASE kavalek FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO kavalek;
SQL
