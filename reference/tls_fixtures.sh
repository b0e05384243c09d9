#!/usr/bin/env bash
# Makes the certificates of crates/search/tests/tls.rs with OpenSSL: an authority that nobody else trusts, another one, and a server
# of the name `localhost` for which the first one vouches. Their keys protect nothing.
set -euo pipefail
cd "$(dirname "$0")/../crates/search/tests/tls"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
for authority in authority stranger; do
  openssl req -x509 "${key[@]}" -days 36500 -subj "/CN=ganainm test $authority" -keyout "$work/$authority.key" -out "$authority.pem"
done
openssl req "${key[@]}" -subj "/CN=localhost" -keyout server.key -out "$work/request"
openssl x509 -req -in "$work/request" -days 36500 -CA authority.pem -CAkey "$work/authority.key" -set_serial 1 -out server.pem \
  -extfile <(printf 'subjectAltName=DNS:localhost\nbasicConstraints=critical,CA:FALSE\n')
