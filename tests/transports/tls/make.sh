#!/bin/sh
# How the certificates beside this file were made: a test authority, a server's certificate for this machine's names
# that it signed, and one that signed itself; an authority of clients, and a client that it signed. All are valid for a
# hundred years. The authorities' keys are thrown away; the others are for everybody to see.
set -eu
cd "$(dirname "$0")"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 \
  -subj "/CN=Lineup test authority" -keyout authority.key -out authority.pem \
  -addext "keyUsage=critical,keyCertSign,cRLSign"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
  -subj "/CN=localhost" -keyout server.key -out server.csr
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' > server.ext
openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 36500 \
  -extfile server.ext -out server.pem
rm -f server.csr server.ext authority.srl authority.key
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 \
  -subj "/CN=localhost" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" \
  -keyout self_signed.key -out self_signed.pem
# An authority of clients, and its client with names of each kind.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 \
  -subj "/CN=Lineup test authority of clients" -keyout clients.key -out clients.pem \
  -addext "keyUsage=critical,keyCertSign,cRLSign"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
  -subj "/CN=nobody reads this" -keyout client.key -out client.csr
printf '%s\n' "subjectAltName=DNS:worker.example.org,URI:spiffe://example.org/worker,email:worker@example.org" \
  "extendedKeyUsage=clientAuth" > client.ext
openssl x509 -req -in client.csr -CA clients.pem -CAkey clients.key -CAcreateserial -days 36500 \
  -extfile client.ext -out client.pem
rm -f client.csr client.ext clients.srl clients.key
# A certificate of the year 2020.
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=localhost" \
  -keyout expired.key -out expired.csr
mkdir past && : > past/index && echo 01 > past/serial
printf '%s\n' "[ca]" "default_ca=past" "[past]" "new_certs_dir=past" "database=past/index" "serial=past/serial" \
  "default_md=sha256" "policy=any" "x509_extensions=names" "[any]" "commonName=supplied" "[names]" \
  "subjectAltName=DNS:localhost,IP:127.0.0.1" > past/config
openssl ca -batch -selfsign -notext -config past/config -keyfile expired.key -in expired.csr -out expired.pem \
  -startdate 20200101000000Z -enddate 20210101000000Z
rm -r past expired.csr
