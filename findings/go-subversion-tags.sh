#!/usr/bin/env bash
# What go makes of the tags of a module in a Subversion repository.
#
# One would expect: that …/tags/v1.0.0 beside …/trunk is version v1.0.0: go lists that very directory (svn list …/tags) for
#   `go list -m -versions`, and its documentation names Subversion among the version control systems.
# What happens: there are no versions. go takes each line of the list whole, "v1.0.0/" with its slash, which is no version; and
#   asked for v1.0.0 it asks svn for a revision of that name. Only pseudo-versions of the revisions' numbers are left, and no
#   warning says so.
# Way out: depend on pseudo-versions (…@HEAD, …@REVISION), or move the module to git.
# Version: go 1.27.3 (Debian sid's golang-1.27-go), Subversion 1.14.2, Python 3 as the page
# Date: 2026-11-29
# Source: seen when a proxy was to answer as go does; src/cmd/go/internal/modfetch/codehost/vcs.go (tagRE of svn) says why
#
# Run by hand on Debian; needs apt sources, python3 and subversion. Exit code 0: it is still so.
set -eu -o pipefail

folder=$(mktemp -d)
servers=()
trap '[ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder"

# go 1.27 of sid, unpacked here and installed nowhere; sid by the mirror of the machine's own sources.
mirror=$(apt-get update --print-uris 2>/dev/null | sed -nE "s#^'(.*)/dists/[^/]+/InRelease' .*#\1#p" | head -n 1)
mkdir -p lists/partial archives/partial tree repositories
keys=$(ls /usr/share/keyrings/debian-archive-keyring.* | head -n 1)
printf 'deb [signed-by=%s] %s sid main\n' "$keys" "$mirror" >sources
own=(-q -o "Dir::State::Lists=$folder/lists" -o "Dir::Cache=$folder" -o "Dir::Etc::sourcelist=$folder/sources" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root)
apt-get "${own[@]}" update >log 2>&1
apt-get "${own[@]}" download golang-1.27-go golang-1.27-src >>log 2>&1
for package in *.deb; do dpkg -x "$package" tree; done

# A repository with trunk and one tag, its server, and the page that names it.
svnadmin create repositories/lib
mkdir -p start/trunk start/tags
printf 'module vanity.test/lib\n' >start/trunk/go.mod
svn -q --non-interactive import -m "a module" start "file://$folder/repositories/lib"
svn -q --non-interactive copy -m "a tag" "file://$folder/repositories/lib/trunk" "file://$folder/repositories/lib/tags/v1.0.0"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
svnserve -d --foreground --listen-host 127.0.0.1 --listen-port "$port" -r "$folder/repositories" >>log 2>&1 & servers+=($!)
cat >page.py <<PY
import http.server
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'<meta name="go-import" content="vanity.test/lib svn svn://127.0.0.1:$port/lib/trunk">')
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Page)
open("port", "w").write(str(server.server_address[1]))
server.serve_forever()
PY
python3 page.py & servers+=($!)
for _ in $(seq 50); do [ -s port ] && break; sleep 0.1; done

ask() { # WORDS OF GO
    env -i PATH=/usr/bin:/bin HOME="$folder" GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw GOPATH="$folder/gopath" GOCACHE="$folder/cache" GO111MODULE=on \
        GOSUMDB=off GOPROXY=direct GOINSECURE=vanity.test GOVCS='*:all' HTTP_PROXY="http://127.0.0.1:$(cat port)" NO_PROXY=127.0.0.1 \
        timeout 60 tree/usr/lib/go-1.27/bin/go list -m -f '{{.Versions}} {{.Version}}' "$@" 2>&1 | sed -E 's/-[0-9]{14}-/-TIME-/; s/^go: //' || true
}
{
    svn --non-interactive list "svn://127.0.0.1:$port/lib/tags"
    ask -versions vanity.test/lib
    ask vanity.test/lib@v1.0.0
    ask vanity.test/lib@HEAD
} >output
cat output
diff - output <<'EXPECTED'
v1.0.0/
[] 
vanity.test/lib@v1.0.0: invalid version: unknown revision v1.0.0
[] v0.0.0-TIME-000000000001
EXPECTED
echo "still so"
