#!/usr/bin/env bash
# Sign every request of a folder, for a try: bash examples/sign-with-openssl.sh certificates/dev ../our-ca
# The CA is made in the second folder, where there is none. In earnest no root key lies in a folder.
set -euo pipefail
requests=$1 ca=$2
say_ca() { printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n'; }
say_leaf() { printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=%s\nauthorityKeyIdentifier=keyid\n' "$1"; }
ask() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$ca/$1.key" -subj "/CN=our $1"; }
sign() { openssl x509 -req -copy_extensions copy -days "$1" -CA "$ca/$2.pem" -CAkey "$ca/$2.key" -extfile "$3"; }
if [[ ! -e "$ca/issuer.pem" ]]; then
  mkdir -m 700 "$ca"
  asked=$(ask root) # no pipe: the key that signs is written meanwhile
  openssl x509 -req -signkey "$ca/root.key" -days 3650 -extfile <(say_ca) -out "$ca/root.pem" <<<"$asked"
  ask issuer | sign 1825 root <(say_ca) >"$ca/issuer.pem"
fi
for request in "$requests"/*.csr; do
  case $request in
    *-intermediate-g*) signed=$(sign 1825 root <(say_ca) <"$request") above="" ;;
    *-server-leaf-g*) signed=$(sign 365 issuer <(say_leaf serverAuth) <"$request") above=$ca/issuer.pem ;;
    *) signed=$(sign 365 issuer <(say_leaf clientAuth) <"$request") above=$ca/issuer.pem ;;
  esac
  cat - ${above:+"$above"} "$ca/root.pem" <<<"$signed" >"${request%.csr}.pem"
done
