// Packmodules turns the Go sources that Debian ships under /usr/share/gocode into an upstream tree: a directory that is
// a valid file:// GOPROXY, holding every module of the roots' dependency graph.
//
// The graph is the true one. It is walked the way the go command without graph pruning walks it: from each module's own
// go.mod to every (path, version) that file requires, and so on until nothing new is asked for. Each module is packed at
// every version so asked, with golang.org/x/mod/zip, which applies the module zip rules.
//
// What differs from the public modules: Debian ships one version of a module, so that one source (and its one go.mod)
// stands behind each version asked for. Hashes therefore differ from sum.golang.org's, and a checksum database of our
// own has to sign them. Three kinds of module come out, listed in <out>/corpus.json and never counted together:
//
//	real     the source that Debian ships, with Debian's go.mod or, where upstream has none, the one-line go.mod that
//	         the protocol prescribes for modules without one
//	adapted  named by -without-gomod: Debian's go.mod declares another major version than the one asked for, which
//	         upstream tagged before it had a go.mod; packed without it
//	stub     not shipped by Debian (a test dependency of something, as a rule): go.mod and info only, so that the graph
//	         loads; there is no zip, so nothing can be built from it
//
// A directory of the Debian tree may be a symbolic link (renamed projects); it is followed. Symbolic links inside a
// module are left out, as the zip rules say. A directory that is a module of its own in this graph is not part of the
// module around it, even where Debian dropped its go.mod.
//
// The output depends on the sources only: times come from pseudo-versions or are fixed.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"
)

type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// A packed is one module of the graph, with everything that was made of it.
type packed struct {
	Path     string   `json:"path"`
	Kind     string   `json:"kind"`
	Versions []string `json:"versions"`
	LeftOut  []string `json:"leftOut,omitempty"` // files that the zip rules forbid

	dir   string // resolved source directory, "" for stubs
	goMod []byte
}

// The release time given to versions that do not carry one.
var releaseTime = time.Date(2023, 6, 10, 0, 0, 0, 0, time.UTC)

func main() {
	log.SetFlags(0)
	log.SetPrefix("packmodules: ")
	var roots, withoutGoMod list
	src := flag.String("src", "/usr/share/gocode/src", "tree of Go `sources` by import path")
	out := flag.String("out", "", "`directory` to write the upstream tree to")
	flag.Var(&roots, "root", "`module@version` to start from; repeatable")
	flag.Var(&withoutGoMod, "without-gomod", "module `path` to pack without the go.mod found; repeatable")
	flag.Parse()
	if *out == "" || len(roots) == 0 || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}

	graph, err := walk(*src, roots, withoutGoMod)
	if err != nil {
		log.Fatal(err)
	}
	sums, err := packAll(graph, *out)
	if err != nil {
		log.Fatal(err)
	}
	if err := writeSummary(graph, sums, *out); err != nil {
		log.Fatal(err)
	}
}

// Walk closes the graph over the go.mod files, starting from the roots.
func walk(src string, roots, withoutGoMod []string) (map[string]*packed, error) {
	adapted := make(map[string]bool)
	for _, p := range withoutGoMod {
		adapted[p] = true
	}
	var todo []module.Version
	for _, r := range roots {
		path, vers, ok := strings.Cut(r, "@")
		if !ok {
			return nil, fmt.Errorf("root %q has no version", r)
		}
		todo = append(todo, module.Version{Path: path, Version: vers})
	}
	graph := make(map[string]*packed)
	seen := make(map[module.Version]bool)
	for len(todo) > 0 {
		m := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[m] {
			continue
		}
		seen[m] = true
		if err := module.Check(m.Path, m.Version); err != nil {
			return nil, err
		}
		if p := graph[m.Path]; p != nil {
			p.Versions = append(p.Versions, m.Version)
			continue
		}
		p, requires, err := find(src, m.Path, adapted[m.Path])
		if err != nil {
			return nil, err
		}
		p.Versions = []string{m.Version}
		graph[m.Path] = p
		todo = append(todo, requires...)
	}
	// Only now are all modules known, so only now can it be said which directories belong to none but an inner module.
	for _, p := range graph {
		semver.Sort(p.Versions)
		if p.dir != "" && p.Kind == "real" && !hasGoFile(p, graph) {
			p.dir, p.Kind = "", "stub"
		}
	}
	return graph, nil
}

// Find looks for the source of a module and reads what it requires.
func find(src, path string, adapted bool) (*packed, []module.Version, error) {
	bare := &packed{Path: path, Kind: "stub", goMod: []byte("module " + path + "\n")}
	candidates := []string{path}
	if prefix, major, ok := module.SplitPathVersion(path); ok && strings.HasPrefix(major, "/") {
		candidates = append(candidates, prefix)
	}
	for _, c := range candidates {
		dir, err := filepath.EvalSymlinks(filepath.Join(src, filepath.FromSlash(c)))
		if err != nil {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		switch {
		case err == nil && adapted:
			return &packed{Path: path, Kind: "adapted", dir: dir, goMod: bare.goMod}, nil, nil
		case err == nil:
			f, err := modfile.ParseLax(filepath.Join(dir, "go.mod"), data, nil)
			if err != nil {
				return nil, nil, err
			}
			if f.Module == nil || f.Module.Mod.Path != path {
				continue // another major version, or a fork that kept its origin's name
			}
			var requires []module.Version
			for _, r := range f.Require {
				requires = append(requires, r.Mod)
			}
			return &packed{Path: path, Kind: "real", dir: dir, goMod: data}, requires, nil
		case os.IsNotExist(err) && c == path:
			return &packed{Path: path, Kind: "real", dir: dir, goMod: bare.goMod}, nil, nil
		}
	}
	return bare, nil, nil
}

// Files lists a module's regular files, without version control and without modules inside it that the graph knows.
func files(p *packed, graph map[string]*packed) ([]zip.File, error) {
	var found []zip.File
	err := filepath.WalkDir(p.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(p.dir, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch {
		case rel == ".":
		case d.IsDir():
			if n := d.Name(); n == ".git" || n == ".hg" || n == ".svn" || n == ".bzr" {
				return filepath.SkipDir
			}
			if graph[p.Path+"/"+rel] != nil {
				return filepath.SkipDir
			}
		case d.Type().IsRegular() && !(p.Kind == "adapted" && rel == "go.mod"):
			found = append(found, file{rel, name})
		}
		return nil
	})
	return found, err
}

func hasGoFile(p *packed, graph map[string]*packed) bool {
	all, err := files(p, graph)
	if err != nil {
		return false
	}
	for _, f := range all {
		if strings.HasSuffix(f.Path(), ".go") {
			return true
		}
	}
	return false
}

type file struct{ path, name string }

func (f file) Path() string                 { return f.path }
func (f file) Lstat() (fs.FileInfo, error)  { return os.Lstat(f.name) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(f.name) }

// PackAll writes every module version and returns the go.sum lines of each.
func packAll(graph map[string]*packed, out string) (map[module.Version][]string, error) {
	type job struct {
		p    *packed
		vers string
	}
	jobs := make(chan job)
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
	)
	sums := make(map[module.Version][]string)
	for i := 0; i < runtime.NumCPU(); i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := range jobs {
				lines, leftOut, err := pack(j.p, j.vers, graph, out)
				mu.Lock()
				if err != nil && first == nil {
					first = fmt.Errorf("%s@%s: %w", j.p.Path, j.vers, err)
				}
				sums[module.Version{Path: j.p.Path, Version: j.vers}] = lines
				j.p.LeftOut = leftOut
				mu.Unlock()
			}
		}()
	}
	for _, p := range graph {
		for _, v := range p.Versions {
			jobs <- job{p, v}
		}
	}
	close(jobs)
	wg.Wait()
	return sums, first
}

// Pack writes the files of one module version.
func pack(p *packed, vers string, graph map[string]*packed, out string) (sums, leftOut []string, err error) {
	escPath, err := module.EscapePath(p.Path)
	if err != nil {
		return nil, nil, err
	}
	escVers, err := module.EscapeVersion(vers)
	if err != nil {
		return nil, nil, err
	}
	base := filepath.Join(out, filepath.FromSlash(escPath), "@v", escVers)
	if err := os.MkdirAll(filepath.Dir(base), 0o777); err != nil {
		return nil, nil, err
	}
	info, err := json.Marshal(struct {
		Version string
		Time    time.Time
	}{vers, timeOf(vers)})
	if err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(base+".info", info, 0o666); err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(base+".mod", p.goMod, 0o666); err != nil {
		return nil, nil, err
	}
	if p.dir != "" {
		if leftOut, err = writeZip(base+".zip", p, vers, graph); err != nil {
			return nil, nil, err
		}
		h1, err := dirhash.HashZip(base+".zip", dirhash.Hash1)
		if err != nil {
			return nil, nil, err
		}
		sums = append(sums, fmt.Sprintf("%s %s %s", p.Path, vers, h1))
	}
	h1, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return os.Open(base + ".mod") })
	if err != nil {
		return nil, nil, err
	}
	return append(sums, fmt.Sprintf("%s %s/go.mod %s", p.Path, vers, h1)), leftOut, nil
}

func writeZip(name string, p *packed, vers string, graph map[string]*packed) (leftOut []string, err error) {
	all, err := files(p, graph)
	if err != nil {
		return nil, err
	}
	checked, _ := zip.CheckFiles(all)
	if checked.SizeError != nil {
		return nil, checked.SizeError
	}
	invalid := make(map[string]bool)
	for _, e := range checked.Invalid {
		invalid[e.Path] = true
		leftOut = append(leftOut, e.Error())
	}
	var valid []zip.File
	for _, f := range all {
		if !invalid[f.Path()] {
			valid = append(valid, f)
		}
	}
	w, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if err := zip.Create(w, module.Version{Path: p.Path, Version: vers}, valid); err != nil {
		return nil, err
	}
	return leftOut, w.Close()
}

func timeOf(vers string) time.Time {
	if module.IsPseudoVersion(vers) {
		if t, err := module.PseudoVersionTime(vers); err == nil {
			return t
		}
	}
	return releaseTime
}

// WriteSummary writes each module's list, the tree's go.sum lines in the order of the checksum database, and
// corpus.json.
func writeSummary(graph map[string]*packed, sums map[module.Version][]string, out string) error {
	var paths []string
	for path := range graph {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	var goSum strings.Builder
	summary := struct {
		Real        int       `json:"realModules"`
		RealVersion int       `json:"realModuleVersions"`
		Adapted     int       `json:"adaptedModules"`
		Stub        int       `json:"stubModules"`
		StubVersion int       `json:"stubModuleVersions"`
		Modules     []*packed `json:"modules"`
	}{}
	for _, path := range paths {
		p := graph[path]
		switch p.Kind {
		case "real":
			summary.Real++
			summary.RealVersion += len(p.Versions)
		case "adapted":
			summary.Adapted++
		default:
			summary.Stub++
			summary.StubVersion += len(p.Versions)
		}
		summary.Modules = append(summary.Modules, p)
		escPath, err := module.EscapePath(path)
		if err != nil {
			return err
		}
		var tagged strings.Builder
		for _, v := range p.Versions {
			if !module.IsPseudoVersion(v) {
				tagged.WriteString(v + "\n")
			}
			for _, line := range sums[module.Version{Path: path, Version: v}] {
				goSum.WriteString(line + "\n")
			}
		}
		name := filepath.Join(out, filepath.FromSlash(escPath), "@v", "list")
		if err := os.WriteFile(name, []byte(tagged.String()), 0o666); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(out, "go.sum"), []byte(goSum.String()), 0o666); err != nil {
		return err
	}
	data, err := json.MarshalIndent(summary, "", "  ")
	if err != nil {
		return err
	}
	fmt.Printf("%d real modules at %d versions, %d adapted, %d stubs at %d versions\n",
		summary.Real, summary.RealVersion, summary.Adapted, summary.Stub, summary.StubVersion)
	return os.WriteFile(filepath.Join(out, "corpus.json"), append(data, '\n'), 0o666)
}
