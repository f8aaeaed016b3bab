#!/usr/bin/env bash
# How go names a machine of netrc that listens on a port of its own.
#
# One would expect: that one ~/.netrc serves all releases of go that a build farm has: netrc knows machines, not ports, and
#   what worked once goes on.
# What happens: for https://localhost:PORT go 1.19 sends the login of "machine localhost" and none of "machine localhost:PORT";
#   go 1.27 does the opposite. Neither says so: the request goes out without a login, and the proxy's 401 is all there is to see.
# Way out: both lines in the file; each release takes its own.
# Version: go 1.19.8 (Debian 12's golang-1.19-go) and go 1.27.3 (Debian sid's golang-1.27-go), Python 3 as the server
# Date: 2026-11-29
# Source: seen when a proxy that wants logins was tried with both; seen again by running them
#
# Run by hand on Debian; needs apt sources, python3 and openssl. Exit code 0: it is still so.
set -eu -o pipefail

folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder"

# go 1.19 of the release and 1.27 of sid, unpacked here and installed nowhere; sid by the mirror of the machine's own sources.
mirror=$(apt-get update --print-uris 2>/dev/null | sed -nE "s#^'(.*)/dists/[^/]+/InRelease' .*#\1#p" | head -n 1)
mkdir -p lists/partial archives/partial tree
keys=$(ls /usr/share/keyrings/debian-archive-keyring.* | head -n 1)
printf 'deb [signed-by=%s] %s bookworm main\ndeb [signed-by=%s] %s sid main\n' "$keys" "$mirror" "$keys" "$mirror" >sources
own=(-q -o "Dir::State::Lists=$folder/lists" -o "Dir::Cache=$folder" -o "Dir::Etc::sourcelist=$folder/sources" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root)
apt-get "${own[@]}" update >log 2>&1
apt-get "${own[@]}" download golang-1.19-go golang-1.19-src golang-1.27-go golang-1.27-src >>log 2>&1
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
        self.wfile.write(b"v1.0.0\n")
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

ask() { # RELEASE MACHINE
    printf 'machine %s login any password secret\n' "$2" >netrc
    chmod 600 netrc
    rm -f seen
    env -i PATH=/usr/bin:/bin HOME="$folder" NETRC="$folder/netrc" GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw GOPATH="$folder/gopath-$1" \
        GOCACHE="$folder/cache" GO111MODULE=on GOSUMDB=off SSL_CERT_FILE="$folder/cert.pem" GOPROXY="https://localhost:$port" \
        timeout 60 "tree/usr/lib/go-$1/bin/go" list -m -versions example.com/m >>log 2>&1 || true
    echo "go $1, machine ${2/$port/PORT}: $(cat seen)"
}
{
    "tree/usr/lib/go-1.27/bin/go" version | cut -d' ' -f3 >>log
    ask 1.19 localhost
    ask 1.19 "localhost:$port"
    ask 1.27 localhost
    ask 1.27 "localhost:$port"
} >output
cat output
diff - output <<'EXPECTED'
go 1.19, machine localhost: a login
go 1.19, machine localhost:PORT: no login
go 1.27, machine localhost: no login
go 1.27, machine localhost:PORT: a login
EXPECTED
echo "still so"
