#!/bin/sh
# Gives NGINX a certificate: certbot's where there is one, until then one of its own that nobody trusts, so that port 80 can prove the name.
# Then it watches, and NGINX takes a new one without dropping anybody.
set -eu
: "${KAVALEK_HOST:?is the name of the instance, for example chat.kavalek.fr}"
case "$KAVALEK_HOST" in *[!a-zA-Z0-9.-]* | .* | -* | "") echo "KAVALEK_HOST is a host name, not '$KAVALEK_HOST'" >&2; exit 1 ;; esac
from="$KAVALEK_CERTBOT/live/$KAVALEK_HOST"
to="$KAVALEK_CERTIFICATES"
umask 077
mkdir -p "$to"

# take: copies certbot's pair if it is another one than what is used; fails if there is nothing new.
take() {
  [ -r "$from/fullchain.pem" ] && [ -r "$from/privkey.pem" ] || return 1
  cmp -s "$from/fullchain.pem" "$to/fullchain.pem" && return 1
  cp -L "$from/privkey.pem" "$to/privkey.pem.new" && cp -L "$from/fullchain.pem" "$to/fullchain.pem.new"
  # Certbot may be between the two files: a pair that does not belong together is left for the next time.
  [ "$(openssl x509 -in "$to/fullchain.pem.new" -noout -pubkey)" = "$(openssl pkey -in "$to/privkey.pem.new" -pubout)" ] || return 1
  mv "$to/privkey.pem.new" "$to/privkey.pem" && mv "$to/fullchain.pem.new" "$to/fullchain.pem"
}

if ! take && [ ! -e "$to/fullchain.pem" ]; then
  echo "There is no certificate for $KAVALEK_HOST yet; until certbot has one, nobody can trust this server."
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$KAVALEK_HOST" -addext "subjectAltName=DNS:$KAVALEK_HOST" \
    -keyout "$to/privkey.pem" -out "$to/fullchain.pem" 2>/dev/null
fi
(while sleep 5; do if take; then nginx -t -q && nginx -s reload; fi; done) &
