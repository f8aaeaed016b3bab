// Sumdbserver is a checksum database on loopback: the protocol is answered by golang.org/x/mod/sumdb's own server, over
// records made from go.sum files (what packmodules hashed with golang.org/x/mod/sumdb/dirhash) and from trees.
//
// It signs with a key made from a fixed seed, which protects nothing and is the same in every run. At start it prints
// one line of JSON with its address, its name and its verifier key. It ends when its standard input does, so that it
// cannot outlive the test that started it.
//
// Beside the protocol there are two addresses for tests:
//
//	GET /-/requests    requests to the protocol so far, one "method path" per line
//	PUT /-/mode        the body says how to misbehave from now on, see below; an empty body ends it
//
// Modes, one per line of the body:
//
//	lie <module> <version>                    its lookup names other hashes than the tree's record does
//	extension <module> <version> <h1> <h1>    its record lacks its lines; they follow after the tree in the signed note
//	other-record <module> <version> <module> <version>
//	                                          its lookup answers with the (valid, proven) record of the second
//	tile <level>                              one bit of every hash tile of that level is flipped
//	other-key                                 notes are signed by another key of the same name
//	outsider                                  notes are signed by a key of another name
//	fork                                      every answer comes from another tree: same key, same size, other records
//	down                                      every answer is 500
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func main() {
	log.SetFlags(0)
	log.SetPrefix("sumdbserver: ")
	var sums, trees list
	addr := flag.String("addr", "127.0.0.1:0", "`address` to listen on")
	name := flag.String("name", "sumdb.example.test", "`name` of the database, the first part of its key")
	lazy := flag.Bool("lazy", false, "append a record at its first lookup, so that the tree grows, instead of at start")
	flag.Var(&sums, "sums", "go.sum `file` to make records from; repeatable")
	flag.Var(&trees, "tree", "upstream tree (`directory`) to hash and make records from; repeatable")
	flag.Parse()

	records := make(map[module.Version][]string)
	for _, f := range sums {
		if err := readSums(f, records); err != nil {
			log.Fatal(err)
		}
	}
	for _, t := range trees {
		if err := hashTree(t, records); err != nil {
			log.Fatal(err)
		}
	}
	s, err := newServer(*name, records, *lazy)
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	line, err := json.Marshal(map[string]string{"url": "http://" + l.Addr().String(), "name": *name, "key": s.verifier})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.Serve(l, s))
}

// ReadSums adds the lines of a go.sum file to the records of their module versions.
func readSums(name string, records map[module.Version][]string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		field := strings.Fields(lines.Text())
		if len(field) != 3 {
			return fmt.Errorf("%s: not a go.sum line: %q", name, lines.Text())
		}
		m := module.Version{Path: field[0], Version: strings.TrimSuffix(field[1], "/go.mod")}
		records[m] = append(records[m], lines.Text())
	}
	return lines.Err()
}

// HashTree hashes what a file:// GOPROXY tree holds and adds it to the records.
func hashTree(root string, records map[module.Version][]string) error {
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".mod" {
			return err
		}
		rel, err := filepath.Rel(root, strings.TrimSuffix(name, ".mod"))
		if err != nil {
			return err
		}
		escPath, escVers, ok := strings.Cut(filepath.ToSlash(rel), "/@v/")
		if !ok {
			return nil
		}
		path, err := module.UnescapePath(escPath)
		if err != nil {
			return err
		}
		vers, err := module.UnescapeVersion(escVers)
		if err != nil {
			return err
		}
		m := module.Version{Path: path, Version: vers}
		zipName := strings.TrimSuffix(name, ".mod") + ".zip"
		if _, err := os.Stat(zipName); err == nil {
			h1, err := dirhash.HashZip(zipName, dirhash.Hash1)
			if err != nil {
				return err
			}
			records[m] = append(records[m], fmt.Sprintf("%s %s %s", path, vers, h1))
		}
		h1, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return os.Open(name) })
		if err != nil {
			return err
		}
		records[m] = append(records[m], fmt.Sprintf("%s %s/go.mod %s", path, vers, h1))
		return nil
	})
}

// A server is the honest database, its fork, and the ways to stand between them and the client.
type server struct {
	name     string
	verifier string
	signer   string
	other    string // signs under the same name
	outsider string // signs under another name
	records  map[module.Version][]string
	honest   *sumdb.TestServer
	forked   *sumdb.TestServer

	mu       sync.Mutex
	requests []string
	modes    [][]string
}

// A seed reads as an endless stream made from a phrase, so that keys are the same in every run.
type seed struct {
	phrase string
	left   []byte
	n      int
}

func (s *seed) Read(p []byte) (int, error) {
	if len(s.left) == 0 {
		sum := sha256.Sum256([]byte(s.phrase + strconv.Itoa(s.n)))
		s.left, s.n = sum[:], s.n+1
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}

func newServer(name string, records map[module.Version][]string, lazy bool) (*server, error) {
	s := &server{name: name, records: records}
	var err error
	if s.signer, s.verifier, err = note.GenerateKey(&seed{phrase: "a test key"}, name); err != nil {
		return nil, err
	}
	if s.other, _, err = note.GenerateKey(&seed{phrase: "another test key"}, name); err != nil {
		return nil, err
	}
	if s.outsider, _, err = note.GenerateKey(&seed{phrase: "an outsider's key"}, "outsider.example.test"); err != nil {
		return nil, err
	}
	s.honest = sumdb.NewTestServer(s.signer, s.record)
	// The fork is the same database with every record changed by one trailing line that no client asks about.
	s.forked = sumdb.NewTestServer(s.signer, func(path, vers string) ([]byte, error) {
		text, err := s.record(path, vers)
		return append(text, "fork.example.test v1.0.0 h1:"+strings.Repeat("A", 43)+"=\n"...), err
	})
	if !lazy {
		var all []module.Version
		for m := range records {
			all = append(all, m)
		}
		module.Sort(all)
		for _, m := range all {
			if _, err := s.honest.Lookup(context.Background(), m); err != nil {
				return nil, err
			}
			if _, err := s.forked.Lookup(context.Background(), m); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// Record renders the record of a module version.
func (s *server) record(path, vers string) ([]byte, error) {
	lines := s.records[module.Version{Path: path, Version: vers}]
	if len(lines) == 0 {
		return nil, &fs.PathError{Op: "not found:", Path: path + "@" + vers, Err: fs.ErrNotExist} // 404 in sumdb.Server
	}
	sorted := append([]string(nil), lines...)
	sort.Strings(sorted)
	return []byte(strings.Join(sorted, "\n") + "\n"), nil
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.URL.Path == "/-/requests":
		io.WriteString(w, strings.Join(append(s.requests, ""), "\n"))
		return
	case r.URL.Path == "/-/mode" && r.Method == http.MethodPut:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.modes = nil
		for _, line := range strings.Split(string(body), "\n") {
			if f := strings.Fields(line); len(f) > 0 {
				s.modes = append(s.modes, f)
			}
		}
		return
	}
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)

	database := s.honest
	if s.mode("fork") != nil {
		database = s.forked
	}
	if s.mode("down") != nil {
		http.Error(w, "down for a test", http.StatusInternalServerError)
		return
	}
	request := r
	if m := s.mode("other-record"); m != nil && r.URL.Path == lookupPath(m[1], m[2]) {
		request = httptest.NewRequest(http.MethodGet, lookupPath(m[3], m[4]), nil)
	}
	answer := httptest.NewRecorder()
	sumdb.NewServer(database).ServeHTTP(answer, request)
	body := answer.Body.Bytes()
	if answer.Code == http.StatusOK {
		body = s.misbehave(r.URL.Path, body)
	}
	w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
	w.WriteHeader(answer.Code)
	w.Write(body)
}

// Misbehave changes an honest answer as the modes say.
func (s *server) misbehave(path string, body []byte) []byte {
	if strings.HasPrefix(path, "/tile/") {
		t, err := tlog.ParseTilePath(path[1:])
		if m := s.mode("tile"); err == nil && m != nil && m[1] == strconv.Itoa(t.L) {
			body[len(body)/2] ^= 1
		}
		return body
	}
	if m := s.mode("lie"); m != nil && path == lookupPath(m[1], m[2]) {
		return replaceHashes(body)
	}
	var signer, extension, newRecord string
	if m := s.mode("extension"); m != nil && path == lookupPath(m[1], m[2]) {
		signer = s.signer
		extension = fmt.Sprintf("%s %s %s\n%s %s/go.mod %s\n", m[1], m[2], m[3], m[1], m[2], m[4])
		newRecord = s.firstOtherRecord(m[1])
	}
	if s.mode("other-key") != nil {
		signer = s.other
	}
	if s.mode("outsider") != nil {
		signer = s.outsider
	}
	if signer == "" {
		return body
	}
	return resign(body, signer, extension, newRecord)
}

// FirstOtherRecord gives the answer to a lookup of another module, whose record is proven but says nothing about path.
func (s *server) firstOtherRecord(path string) string {
	var all []module.Version
	for m := range s.records {
		if m.Path != path {
			all = append(all, m)
		}
	}
	module.Sort(all)
	answer := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, lookupPath(all[0].Path, all[0].Version), nil)
	sumdb.NewServer(s.honest).ServeHTTP(answer, request)
	return answer.Body.String()
}

func (s *server) mode(name string) []string {
	for _, m := range s.modes {
		if m[0] == name {
			return m
		}
	}
	return nil
}

// ReplaceHashes changes a character in each hash of a lookup's record.
func replaceHashes(body []byte) []byte {
	end := bytes.Index(body, []byte("\n\n"))
	lines := strings.Split(string(body[:end]), "\n")
	for i, line := range lines {
		if at := strings.Index(line, " h1:"); at >= 0 {
			c := "A"
			if line[at+5] == 'A' {
				c = "B"
			}
			lines[i] = line[:at+5] + c + line[at+6:]
		}
	}
	return append([]byte(strings.Join(lines, "\n")), body[end:]...)
}

// Resign signs the note of a lookup or of /latest anew, with an extension after the tree's own lines.
func resign(body []byte, signer, extension, newRecord string) []byte {
	if newRecord != "" {
		body = []byte(newRecord)
	}
	at := bytes.Index(body, []byte("go.sum database tree\n"))
	end := bytes.LastIndex(body, []byte("\n\n"))
	key, err := note.NewSigner(signer)
	if err != nil {
		panic(err)
	}
	signed, err := note.Sign(&note.Note{Text: string(body[at:end+1]) + extension}, key)
	if err != nil {
		panic(err)
	}
	return append(body[:at:at], signed...)
}

func lookupPath(path, vers string) string {
	escPath, err := module.EscapePath(path)
	if err != nil {
		panic(err)
	}
	escVers, err := module.EscapeVersion(vers)
	if err != nil {
		panic(err)
	}
	return "/lookup/" + escPath + "@" + escVers
}
