#!/usr/bin/env bash
# govulncheck's "Fixed in", where a record has several parts about one module.
#
# One would expect: the version that govulncheck names as fixed is not affected by the same advisory.
# What happens: only the parts of the record that the version in use is in are asked whether they hold the fix. A record that
#   says [0, 1.5.0) in one part and [1.5.0, 1.6.0) in another has v1.5.0 as the fix of v1.2.3; whoever takes it is told that
#   v1.5.0 is affected, and to take v1.6.0. In one part with two ranges the same is read as meant.
# Version: govulncheck 1.9.0 of Debian's sid, go 1.27.3
# Date: 2026-11-29
# Source: seen by running it; internal/vulncheck/utils.go of golang.org/x/vuln asks filtered parts
#
# Run by hand, after infra/install-go. Exit code 0: it is still so.
set -eu -o pipefail

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.cache/go" && pwd)
go=$(echo "$tree"/usr/lib/go-1.*/bin)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder"/db/{ID,index} "$folder"/main/vendor/example.com/m
part() { echo "{\"package\":{\"name\":\"example.com/m\",\"ecosystem\":\"Go\"},\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"$1\"},{\"fixed\":\"$2\"}]}]}"; }
echo "{\"id\":\"GO-2024-0001\",\"modified\":\"2024-01-01T00:00:00Z\",\"details\":\"\",\"affected\":[$(part 0 1.5.0),$(part 1.5.0 1.6.0)]}" >"$folder/db/ID/GO-2024-0001.json"
echo '[{"path":"example.com/m","vulns":[{"id":"GO-2024-0001","modified":"2024-01-01T00:00:00Z"}]}]' >"$folder/db/index/modules.json"
echo '{"modified":"2024-01-01T00:00:00Z"}' >"$folder/db/index/db.json"
cd "$folder/main"
echo 'package m' >vendor/example.com/m/m.go
printf 'package main\n\nimport _ "example.com/m"\n\nfunc main() {}\n' >main.go

fix_of() {
    printf 'module example.com/main\n\ngo 1.21\n\nrequire example.com/m %s\n' "$1" >go.mod
    printf '# example.com/m %s\n## explicit\nexample.com/m\n' "$1" >vendor/modules.txt
    PATH=$go:$PATH HOME=$folder GOTOOLCHAIN=local GOPROXY=off GOFLAGS=-mod=vendor timeout 60 \
        "$tree/usr/bin/govulncheck" -scan module -json -db "file://$folder/db" | sed -n 's/.*"fixed_version": "\(.*\)".*/\1/p'
}
echo "fix of v1.2.3: $(fix_of v1.2.3)" >output
echo "fix of v1.5.0: $(fix_of v1.5.0)" >>output
cat output
diff - output <<'EXPECTED'
fix of v1.2.3: v1.5.0
fix of v1.5.0: v1.6.0
EXPECTED
echo "still so"
