#!/usr/bin/env bash
# What Mercurial makes of a server's certificate that is for an IP address.
#
# One would expect: that hg takes it where curl does: the address is in the certificate's
#   subjectAltName (RFC 2818 §3.1: iPAddress must match exactly), and the authority is one that hg was told to trust.
# What happens: hg ends with "certificate is for" the common name, or says that there is no name in it. It looks at names
#   of hosts alone. So a module of a private hg server that is reached by its address cannot be had over https, whatever the certificate says.
# Way out: give the server a name; or have its certificate's fingerprint in hg's settings ([hostsecurity] …:fingerprints).
# Version: Mercurial 6.3.2 (Debian 12), curl 7.88.1, OpenSSL 3.0
# Date: 2026-11-29
# Source: seen when a proxy was to ask hg repositories over https; mercurial/sslutil.py (_verifycert) says why
#
# Run by hand on Debian 12; needs apt sources, python3, curl and openssl. Exit code 0: it is still so.
set -eu -o pipefail

folder=$(mktemp -d)
servers=()
trap '[ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder"

# Mercurial of the machine's own sources, unpacked here and installed nowhere.
apt-get -o APT::Sandbox::User=root download mercurial mercurial-common >log 2>&1
for package in *.deb; do dpkg -x "$package" tree; done
export HGRCPATH= PYTHONPATH=$folder/tree/usr/lib/python3/dist-packages HOME=$folder
hg() { python3 tree/usr/bin/hg "$@"; }

# An authority, and a repository behind two servers: one's certificate is for an address, the other's for a name as well.
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj "/CN=an authority" >>log 2>&1
issue() { # NAME SUBJECT ALTERNATIVES
    openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" >>log 2>&1
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out "$1.crt" -extfile <(echo "subjectAltName=$3") >>log 2>&1
    cat "$1.key" "$1.crt" >"$1.pem"
}
issue address "/CN=the server" "IP:127.0.0.1"
issue nameless "/O=somebody" "IP:127.0.0.1"
issue named "/O=somebody" "IP:127.0.0.1,DNS:localhost"
hg init repository
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
ask() { # CERTIFICATE HOST
    local at; at=$(port)
    python3 tree/usr/bin/hg -R repository serve -a 127.0.0.1 -p "$at" --certificate "$1.pem" >>log 2>&1 & servers+=($!)
    for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$at") 2>/dev/null && break; sleep 0.1; done
    echo "$1 as $2: curl $(curl -s -o /dev/null -w '%{http_code}' --noproxy '*' --cacert ca.pem "https://$2:$at/")," \
        "hg $(timeout 60 python3 tree/usr/bin/hg id "https://$2:$at/" --config web.cacerts="$folder/ca.pem" 2>&1 | sed -E 's/:[0-9]+//' | head -n 1)"
}
{
    ask address 127.0.0.1
    ask nameless 127.0.0.1
    ask named 127.0.0.1
    ask named localhost
} >output
cat output
diff - output <<'EXPECTED'
address as 127.0.0.1: curl 200, hg abort: 127.0.0.1 certificate error: certificate is for the server
nameless as 127.0.0.1: curl 200, hg abort: 127.0.0.1 certificate error: no commonName or subjectAltName found in certificate
named as 127.0.0.1: curl 200, hg abort: 127.0.0.1 certificate error: certificate is for localhost
named as localhost: curl 200, hg 000000000000
EXPECTED
echo "still so"
