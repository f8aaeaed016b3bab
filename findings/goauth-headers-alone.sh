#!/usr/bin/env bash
# What go makes of a GOAUTH command that prints headers and forgets the addresses.
#
# One would expect: an error, as for other output that is not in the format of "go help goauth" (lines of addresses, an empty line,
#   lines of headers, an empty line).
# What happens: the header's line is taken for an address, of which there is none like it. go says nothing, sends the request without a
#   login, and shows the proxy's refusal, or the absence that a proxy shows to strangers.
# Way out: print the address first, and an empty line; and try a new command with a proxy that refuses by 401 rather than 404.
# Version: go 1.27.3 (Debian sid's golang-1.27-go), Python 3 as the server
# Date: 2026-11-29
# Source: seen when the outputs of commands were given to go and to another reader of the format; seen again by running it
#
# Run by hand on Debian; needs apt sources, python3 and openssl. Exit code 0: it is still so.
set -eu -o pipefail

folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder"

# go 1.27 of sid, unpacked here and installed nowhere, by the mirror of the machine's own sources.
mirror=$(apt-get update --print-uris 2>/dev/null | sed -nE "s#^'(.*)/dists/[^/]+/InRelease' .*#\1#p" | head -n 1)
mkdir -p lists/partial archives/partial tree
keys=$(ls /usr/share/keyrings/debian-archive-keyring.* | head -n 1)
printf 'deb [signed-by=%s] %s sid main\n' "$keys" "$mirror" >sources
own=(-q -o "Dir::State::Lists=$folder/lists" -o "Dir::Cache=$folder" -o "Dir::Etc::sourcelist=$folder/sources" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root)
apt-get "${own[@]}" update >log 2>&1
apt-get "${own[@]}" download golang-1.27-go golang-1.27-src >>log 2>&1
for package in *.deb; do dpkg -x "$package" tree; done

# A proxy that says who logs in.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -keyout key.pem -out cert.pem 2>>log
cat >server.py <<'PY'
import http.server, ssl
class Proxy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        open("seen", "w").write("a login" if self.headers.get("Authorization") else "no login")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"module example.com/m\n" if self.path.endswith(".mod") else b"v1.0.0\n" if self.path.endswith("list") else b'{"Version":"v1.0.0"}')
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Proxy)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
open("port", "w").write(str(server.server_address[1]))
server.serve_forever()
PY
python3 server.py & server=$!
for _ in $(seq 50); do [ -s port ] && break; sleep 0.1; done
port=$(cat port)

ask() { # WHAT FORMAT
    printf '#!/bin/sh\nprintf %%b "%s"\n' "$2" >command
    chmod +x command
    rm -f seen
    local status=0
    env -i PATH=/usr/bin:/bin HOME="$folder" GOAUTH="$folder/command" GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw GOPATH="$folder/gopath" \
        GOCACHE="$folder/cache" GO111MODULE=on GOSUMDB=off SSL_CERT_FILE="$folder/cert.pem" GOPROXY="https://localhost:$port" \
        timeout 60 tree/usr/lib/go-1.27/bin/go list -m -versions example.com/m >answer 2>errors || status=$?
    echo "$1: exit code $status, $(wc -l <errors) lines of errors, $(cat seen)"
}
{
    ask "an address, then a header" "https://localhost:$port\\\\n\\\\nAuthorization: Bearer secret\\\\n\\\\n"
    ask "a header alone" "Authorization: Bearer secret\\\\n\\\\n"
} >output
cat output
diff - output <<'EXPECTED'
an address, then a header: exit code 0, 0 lines of errors, a login
a header alone: exit code 0, 0 lines of errors, no login
EXPECTED
echo "still so"
