using System.Text;
using ProxyCluster.TestKit.Repositories;

namespace ProxyCluster.Tests.Repositories;

/// <summary>
/// The repositories that go and we are asked about: every rule by which go finds a version in a repository, and what has
/// broken implementations of it. Each is one row: script, modules, versions, queries.
/// </summary>
internal static class DirectCases
{
    private static readonly string[] Root = [""];
    private static readonly (string, string?) Go = ("a.go", "package a\n");

    public static List<DirectCase> All() =>
    [
        // Tags in all forms
        Case("tags", r => r.Commit(Mod("tags"), Go).Tag("v1.0.0").Commit(("b.go", "package a\n")).Annotated("v1.1.0").Commit(("c.go", "package a\n")).Tag("v1.2.0-rc.1").Tag("v1.2.0-rc.1-extra"),
            Root, _ => ["@v1.0.0", "@v1.1.0", "@v1.2.0-rc.1", "@v1.3.0"], r => ["@main", "@HEAD", "@v1", "@v1.1", $"@{r.Hash(2)[..7]}", $"@{r.Hash(2)}", $"@{r.Hash(1)[..12]}", "@nothing", "@v1.0.0+meta", "@1234567"]),
        Case("oddtags", r => r.Commit(Mod("oddtags"), Go).Tag("v1").Tag("v1.2").Tag("1.0.0").Tag("v01.2.3").Tag("version1").Tag("v1.0.0.0").Tag("release-1").Commit(("b.go", "package a\n")),
            Root, r => ["@v1.2.0", $"@v0.0.0-{r.Stamp(2)}"], _ => ["@main", "@v1", "@v1.2", "@1.0.0", "@release-1", "@version1"]),
        Case("meta", r => r.Commit(Mod("meta"), Go).Tag("v0.1.0+build.7").Commit(("b.go", "package a\n")),
            Root, r => ["@v0.1.0", $"@v0.1.1-0.{r.Stamp(1)}", $"@v0.1.1-0.{r.Stamp(2)}"], r => ["@main", "@v0.1.0+build.7", $"@{r.Hash(1)[..9]}"]),
        Case("twometa", r => r.Commit(Mod("twometa"), Go).Tag("v0.0.1+a").Commit(("b.go", "package a\n")).Tag("v0.0.1+b").Tag("v0.0.2"),
            Root, _ => ["@v0.0.1", "@v0.0.2"], r => ["@v0.0.1+a", "@v0.0.1+b", $"@{r.Hash(1)[..8]}"]),
        Case("pseudotag", r => r.Commit(Mod("pseudotag"), Go).Tag("v0.0.0-20200101000000-0123456789ab").Commit(("b.go", "package a\n")).Tag("v0.1.0"),
            Root, _ => ["@v0.0.0-20200101000000-0123456789ab", "@v0.1.0"], r => [$"@{r.Hash(1)[..8]}", "@main"]),
        Case("signed", r => r.Commit(Mod("signed"), Go).Annotated("v1.0.0", "v1.0.0\n-----BEGIN PGP SIGNATURE-----\n\niQEzBAABCAAdFiEE\n-----END PGP SIGNATURE-----\n"),
            Root, _ => ["@v1.0.0"], _ => ["@main"]),
        Case("literal", r => r.Commit(Go).Tag("v2.0.0+incompatible").Commit(("b.go", "package a\n")), Root, _ => ["@v2.0.0+incompatible"], _ => ["@main"]),
        Case("many", r => Enumerable.Range(1, 40).Aggregate(r, static (r, i) => r.Commit(i == 1 ? Mod("many") : Go, ("n.txt", $"{i}")).Tag($"v1.{i}.0")),
            Root, _ => ["@v1.1.0", "@v1.17.0", "@v1.40.0"], _ => ["@v1", "@v1.1", "@main"]),
        Case("sametags", r => r.Commit(Mod("sametags"), Go).Tag("v1.0.0").Tag("v1.0.1").Tag("v1.1.0-beta"), Root, _ => ["@v1.0.0", "@v1.0.1"], r => ["@main", $"@{r.Hash(1)[..10]}"]),
        Case("hextag", r => r.Commit(Mod("hextag"), Go).Tag("abcdef1").Commit(("b.go", "package a\n")).Branch("abcdef2"), Root, _ => [], _ => ["@abcdef1", "@abcdef2"]),
        Case("bigversions", r => r.Commit(Mod("bigversions"), Go).Tag("v1.99999999999999999999.0").Commit(("b.go", "package a\n")), Root, _ => ["@v1.99999999999999999999.0"], _ => ["@main"]),
        Case("dotted", r => r.Commit(Mod("dotted"), Go).Tag("v1.0.0-alpha.1").Commit(("b.go", "package a\n")).Tag("v1.0.0-alpha.beta").Commit(("c.go", "package a\n")),
            Root, r => ["@v1.0.0-alpha.1", $"@v1.0.0-alpha.beta.0.{r.Stamp(3)}", $"@v1.0.0-alpha.1.0.{r.Stamp(3)}"], _ => ["@main", "@v1"]),
        Case("capitals", r => r.Commit(("go.mod", "module github.com/T/Capitals\n"), Go).Tag("v1.0.0-RC1"), Root, _ => ["@v1.0.0-RC1"], _ => ["@main"], "github.com/T/Capitals"),

        // Pseudo-versions on all bases, and what does not bear them out
        Case("pseudo", r => r.Commit(Mod("pseudo"), Go).Commit(("b.go", "package a\n")).Tag("v1.2.3").Commit(("c.go", "package a\n")).Commit(("d.go", "package a\n")).Tag("v1.3.0-pre").Commit(("e.go", "package a\n")),
            Root,
            r =>
            [
                $"@v0.0.0-{r.Stamp(1)}", $"@v1.2.4-0.{r.Stamp(3)}", $"@v1.3.0-pre.0.{r.Stamp(5)}", $"@v1.2.4-0.{r.Stamp(5)}", $"@v0.0.0-{r.Stamp(5)}",
                $"@v1.2.4-0.{r.Stamp(1)}", $"@v1.2.4-0.{r.Stamp(2)}", $"@v1.5.1-0.{r.Stamp(5)}", $"@v0.0.0-20200101000000-{r.Hash(1)[..12]}", $"@v0.0.0-{r.Stamp(1)}0", $"@v0.0.0-{r.Stamp(1)[..^1]}",
                $"@v1.0.0-{r.Stamp(1)}", $"@v0.1.0-0.{r.Stamp(5)}", "@v0.0.0-20200101000000-0123456789ab", $"@v0.0.0-{r.Stamp(1)}+incompatible",
            ],
            r => ["@main", $"@{r.Hash(1)[..8]}", $"@{r.Hash(3)[..8]}", $"@{r.Hash(4)}"]),
        Case("highest", r => r.Commit(Mod("highest"), Go).Tag("v1.5.0").Commit(("b.go", "package a\n")).Tag("v1.2.0").Commit(("c.go", "package a\n")),
            Root, r => [$"@v1.5.1-0.{r.Stamp(3)}", $"@v1.2.1-0.{r.Stamp(3)}"], _ => ["@main"]),
        Case("merged", r => r.Commit(Mod("merged"), Go).Tag("v1.0.0").Commit("side", 1, [File("b.go", "package a\n")]).Tag("v1.4.0").Commit(("c.go", "package a\n")).Commit("main", null, [File("d.go", "package a\n")], merge: 2).Commit(("e.go", "package a\n")),
            Root, r => [$"@v1.4.1-0.{r.Stamp(5)}"], r => ["@main", "@side", $"@{r.Hash(3)[..8]}"]),
        Case("future", r => r.Commit(Mod("future"), Go).Commit(("b.go", "package a\n")).Tag("v1.0.0"), Root, r => [$"@v1.0.1-0.{r.Stamp(1)}"], r => [$"@{r.Hash(1)[..8]}"]),
        Case("branches", r => r.Commit(Mod("branches"), Go).Tag("v1.0.0").Commit("release-1.0", 1, [File("b.go", "package a\n")]).Commit("main", null, [File("c.go", "package a\n")]).Tag("v1.1.0").Commit("dev", 3, [File("d.go", "package a\n")]),
            Root, r => [$"@v1.0.1-0.{r.Stamp(2)}", $"@v1.1.1-0.{r.Stamp(4)}"], _ => ["@release-1.0", "@dev", "@main"]),
        Case("versionbranch", r => r.Commit(Mod("versionbranch"), Go).Tag("v1.1.0").Branch("v1.0.0").Branch("v1.x"), Root, _ => ["@v1.0.0", "@v1.1.0"], _ => ["@v1.x"]),
        Case("early", r => r.Commit("main", null, [File("go.mod", "module github.com/t/early\n"), File("a.go", "package a\n")], at: 86400).Commit(("b.go", "package a\n")), Root, r => [$"@v0.0.0-{r.Stamp(1)}"], r => ["@main", $"@{r.Hash(1)[..8]}"]),
        Case("late", r => r.Commit("main", null, [File("go.mod", "module github.com/t/late\n"), File("a.go", "package a\n")], at: 4_102_444_800), Root, r => [$"@v0.0.0-{r.Stamp(1)}"], _ => ["@main"]),
        Case("review", r => r.Commit(Mod("review"), Go).Tag("v1.0.0").Commit("gone", 1, [File("b.go", "package a\n")]).Ref("refs/changes/01/1/1", 2).Commit("main", null, [File("c.go", "package a\n")]), Root, r => [$"@v1.0.1-0.{r.Stamp(3)}"], _ => ["@main"]),
        Case("untagged", r => r.Commit(Mod("untagged"), Go).Commit(("b.go", "package a\n")), Root, r => [$"@v0.0.0-{r.Stamp(1)}", $"@v0.0.0-{r.Stamp(2)}"], r => ["@main", $"@{r.Hash(1)[..7]}", "@latest"]),

        // No go.mod, +incompatible
        Case("bare", r => r.Commit(Go).Tag("v1.0.0").Commit(("b.go", "package a\n")), Root, r => ["@v1.0.0", $"@v1.0.1-0.{r.Stamp(2)}"], _ => ["@main"]),
        Case("incompatible", r => r.Commit(Go).Tag("v1.0.0").Commit(("b.go", "package a\n")).Tag("v2.0.0").Tag("v2.1.0-rc1").Commit(("c.go", "package a\n")).Tag("v3.0.0").Commit(("d.go", "package a\n")),
            Root,
            r => ["@v2.0.0+incompatible", "@v3.0.0+incompatible", "@v1.0.0+incompatible", $"@v3.0.1-0.{r.Stamp(4)}+incompatible", $"@v3.0.1-0.{r.Stamp(4)}"],
            r => ["@v2.0.0", "@main", $"@{r.Hash(2)[..8]}", "@v2", "@v3", "@v4"]),
        Case("incompatiblegomod", r => r.Commit(Go).Tag("v1.0.0").Commit(("b.go", "package a\n")).Tag("v2.0.0").Commit(("go.mod", "module github.com/t/incompatiblegomod\n")).Tag("v1.1.0").Tag("v2.1.0").Commit(("go.mod", "module github.com/t/incompatiblegomod/v3\n")).Tag("v3.0.0"),
            ["", "/v3"], _ => ["@v2.0.0+incompatible", "@v2.1.0+incompatible", "@v1.1.0", "@v3.0.0+incompatible", "/v3@v3.0.0", "/v2@v2.0.0"], _ => ["@v2.0.0", "@v2.1.0", "@main", "/v3@main"]),
        Case("majorgap", r => r.Commit(Go).Tag("v2.0.0").Commit(("b.go", "package a\n")).Tag("v2.5.0").Commit(("go.mod", "module github.com/t/majorgap/v3\n")).Tag("v3.0.0").Commit(("go.mod", null)).Tag("v4.0.0"),
            ["", "/v3"], _ => ["@v2.5.0+incompatible", "@v4.0.0+incompatible"], _ => ["@main", "@v3.0.0"]),
        Case("majordir", r => r.Commit(Go, ("v2/go.mod", "module github.com/t/majordir/v2\n"), ("v2/a.go", "package a\n")).Tag("v2.0.0").Tag("v1.0.0"),
            ["", "/v2"], _ => ["@v2.0.0+incompatible", "/v2@v2.0.0", "@v1.0.0"], _ => ["@v2.0.0", "@main", "/v2@main"]),

        // Major versions by branch and by directory
        Case("majorbranch", r => r.Commit(Mod("majorbranch"), Go).Tag("v1.0.0").Commit("v2", 1, [File("go.mod", "module github.com/t/majorbranch/v2\n")]).Tag("v2.0.0").Commit("v2", File2("b.go")).Commit("main", File2("c.go")),
            ["", "/v2", "/v3"], r => ["@v1.0.0", "/v2@v2.0.0", $"/v2@v2.0.1-0.{r.Stamp(3)}", $"@v1.0.1-0.{r.Stamp(4)}", "@v2.0.0+incompatible", "/v3@v3.0.0"], _ => ["@main", "@v2", "/v2@v2", "/v2@main", "/v3@main"]),
        Case("majorsub", r => r.Commit(Mod("majorsub"), Go, ("v2/go.mod", "module github.com/t/majorsub/v2\n"), ("v2/a.go", "package a\n")).Tag("v1.0.0").Tag("v2.0.0").Commit(("v2/b.go", "package a\n")),
            ["", "/v2"], r => ["@v1.0.0", "/v2@v2.0.0", $"/v2@v2.0.1-0.{r.Stamp(2)}", "@v2.0.0+incompatible"], _ => ["@main", "/v2@main"]),
        Case("majorboth", r => r.Commit(("go.mod", "module github.com/t/majorboth/v2\n"), Go, ("v2/go.mod", "module github.com/t/majorboth/v2\n")).Tag("v2.0.0"), ["/v2"], _ => ["/v2@v2.0.0"], _ => ["/v2@main"]),
        Case("majorwrong", r => r.Commit(("go.mod", "module github.com/t/majorwrong/v2\n"), Go, ("v2/go.mod", "module github.com/t/majorwrong\n")).Tag("v2.0.0"), ["/v2"], _ => ["/v2@v2.0.0"], _ => ["/v2@main"]),
        Case("majornone", r => r.Commit(("go.mod", "\n"), Go).Tag("v1.0.0").Tag("v2.0.0"), ["", "/v2"], _ => ["@v1.0.0", "/v2@v2.0.0"], _ => ["@main"]),
        Case("majorpseudo", r => r.Commit(("go.mod", "module github.com/t/majorpseudo/v2\n"), Go), ["", "/v2"], r => [$"/v2@v2.0.0-{r.Stamp(1)}", $"/v2@v0.0.0-{r.Stamp(1)}", $"@v0.0.0-{r.Stamp(1)}"], _ => ["/v2@main", "@main"]),
        Case("majordeep", r => r.Commit(Mod("majordeep"), ("lib/go.mod", "module github.com/t/majordeep/lib\n"), ("lib/a.go", "package a\n"), ("lib/v3/go.mod", "module github.com/t/majordeep/lib/v3\n"), ("lib/v3/a.go", "package a\n")).Tag("lib/v1.0.0").Tag("lib/v3.0.0").Tag("lib/v3/v3.1.0"),
            ["", "/lib", "/lib/v3"], _ => ["/lib@v1.0.0", "/lib/v3@v3.0.0", "/lib/v3@v3.1.0"], _ => ["/lib@main", "/lib/v3@main"]),

        // Modules in subdirectories, nested, renamed
        Case("sub", r => r.Commit(Mod("sub"), Go, ("sub/go.mod", "module github.com/t/sub/sub\n"), ("sub/a.go", "package a\n"), ("LICENSE", "root\n")).Tag("v1.0.0").Tag("sub/v1.0.0").Tag("sub/v1.1.0-rc.1").Tag("other/v1.5.0").Commit(("sub/b.go", "package a\n")),
            ["", "/sub", "/other"], r => ["@v1.0.0", "/sub@v1.0.0", $"/sub@v1.0.1-0.{r.Stamp(2)}", $"/sub@v1.1.0-rc.1.0.{r.Stamp(2)}", "/other@v1.5.0"], r => ["/sub@main", $"/sub@{r.Hash(1)[..8]}", "/other@main", "/sub@v1"]),
        Case("subonly", r => r.Commit(("deep/er/go.mod", "module github.com/t/subonly/deep/er\n"), ("deep/er/a.go", "package a\n")).Tag("deep/er/v0.1.0"),
            ["", "/deep/er", "/deep"], _ => ["/deep/er@v0.1.0", "/deep@v0.1.0"], _ => ["/deep/er@main", "@main"]),
        Case("nested", r => r.Commit(Mod("nested"), Go, ("in/go.mod", "module github.com/t/nested/in\n"), ("in/a.go", "package a\n"), ("in/deep/b.go", "package a\n"), ("UP/GO.MOD", "module x\n"), ("UP/a.go", "package a\n"), ("dir/go.mod/a.txt", "a\n")).Tag("v1.0.0").Tag("in/v1.0.0"),
            ["", "/in"], _ => ["@v1.0.0", "/in@v1.0.0"], _ => ["@main"]),
        Case("renamed", r => r.Commit(("go.mod", "module example.com/new/name\n"), Go).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => ["@main"]),
        Case("renamedmajor", r => r.Commit(("go.mod", "module example.com/new/name/v2\n"), Go).Tag("v1.0.0").Tag("v2.0.0"), ["", "/v2"], _ => ["@v1.0.0", "/v2@v2.0.0"], _ => ["@main"]),
        Case("gopkgname", r => r.Commit(("go.mod", "module gopkg.in/t/gopkgname.v3\n"), Go).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => ["@main"]),
        Case("rootuppercase", r => r.Commit(("Go.mod", "module github.com/t/rootuppercase\n"), Go).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => ["@main"]),
        Case("subpseudotag", r => r.Commit(Mod("subpseudotag"), ("s/go.mod", "module github.com/t/subpseudotag/s\n"), ("s/a.go", "package a\n")).Tag("s/v0.0.0-20200101000000-0123456789ab"), ["/s"], _ => [], _ => ["/s@main"]),
        Case("moved", r => r.Commit(("a/go.mod", "module github.com/t/moved/a\n"), ("a/a.go", "package a\n")).Tag("a/v1.0.0").Commit(("a/go.mod", null), ("a/a.go", null), Mod("moved"), Go).Tag("v1.0.0"), ["", "/a"], _ => ["/a@v1.0.0", "@v1.0.0"], _ => ["/a@main", "@main"]),
        Case("linkedmod", r => r.Commit("main", null, [Link("go.mod", "real.mod"), File("real.mod", "module github.com/t/linkedmod\n"), File("a.go", "package a\n")]).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => ["@main"]),

        // Retractions
        Case("retract", r => r.Commit(Mod("retract"), Go).Tag("v1.0.0").Commit(("b.go", "package a\n")).Tag("v1.1.0").Commit(("go.mod", "module github.com/t/retract\n\nretract v1.1.0 // wrong\n\nretract [v1.1.5, v1.2.0]\n")).Tag("v1.2.0").Commit(("c.go", "package a\n")),
            Root, r => ["@v1.1.0", "@v1.2.0", $"@v1.0.1-0.{r.Stamp(4)}", $"@v1.2.1-0.{r.Stamp(4)}"], r => ["@main", $"@{r.Hash(2)[..8]}", $"@{r.Hash(3)[..8]}", "@v1"]),
        Case("retractall", r => r.Commit(Mod("retractall"), Go).Tag("v1.0.0").Commit(("go.mod", "module github.com/t/retractall\n\nretract (\n\t[v0.0.0, v1.0.1]\n\t\"v1.0.2\"\n)\n")).Tag("v1.0.1").Commit(("c.go", "package a\n")), Root, _ => ["@v1.0.0", "@v1.0.1"], r => ["@main", $"@{r.Hash(1)[..8]}"]),
        Case("retractpre", r => r.Commit(Mod("retractpre"), Go).Tag("v1.0.0").Commit(("go.mod", "module github.com/t/retractpre\n\nretract v1.0.0\n")).Tag("v1.1.0-pre"), Root, _ => ["@v1.0.0"], _ => ["@main"]),
        Case("retractonlypre", r => r.Commit(("go.mod", "module github.com/t/retractonlypre\n\nretract [v0.0.0-0, v0.1.0-b]\n"), Go).Tag("v0.1.0-a").Tag("v0.1.0-b").Tag("v0.1.0-c"), Root, _ => ["@v0.1.0-a"], _ => ["@main"]),

        // Licences
        Case("licence", r => r.Commit(Mod("licence"), ("LICENSE", "root\n"), ("a/go.mod", "module github.com/t/licence/a\n"), ("a/LICENSE", "own\n"), ("b/go.mod", "module github.com/t/licence/b\n"), ("b/b.go", "package b\n"), ("c/go.mod", "module github.com/t/licence/c\n"), ("c/LICENSE.md", "other\n")).Tag("a/v1.0.0").Tag("b/v1.0.0").Tag("c/v1.0.0").Tag("v1.0.0"),
            ["", "/a", "/b", "/c"], _ => ["/a@v1.0.0", "/b@v1.0.0", "/c@v1.0.0", "@v1.0.0"], _ => []),
        Case("licencecase", r => r.Commit(Mod("licencecase"), ("license", "lower\n"), ("COPYING", "copy\n"), ("a/go.mod", "module github.com/t/licencecase/a\n")).Tag("a/v1.0.0"), ["/a"], _ => ["/a@v1.0.0"], _ => []),
        Case("licencelower", r => r.Commit(Mod("licencelower"), ("LICENSE", "root\n"), ("a/go.mod", "module github.com/t/licencelower/a\n"), ("a/license", "lower\n")).Tag("a/v1.0.0"), ["/a"], _ => ["/a@v1.0.0"], _ => []),
        Case("licencedir", r => r.Commit(Mod("licencedir"), ("LICENSE", "root\n"), ("a/go.mod", "module github.com/t/licencedir/a\n"), ("a/LICENSE/text", "t\n")).Tag("a/v1.0.0"), ["/a"], _ => ["/a@v1.0.0"], _ => []),
        Case("licencelink", r => r.Commit("main", null, [File("go.mod", "module github.com/t/licencelink\n"), File("LICENSE", "root\n"), File("a/go.mod", "module github.com/t/licencelink/a\n"), Link("a/LICENSE", "../LICENSE")]).Tag("a/v1.0.0"), ["/a"], _ => ["/a@v1.0.0"], _ => []),
        Case("licencerootlink", r => r.Commit("main", null, [File("go.mod", "module github.com/t/licencerootlink\n"), Link("LICENSE", "COPYING"), File("COPYING", "c\n"), File("a/go.mod", "module github.com/t/licencerootlink/a\n")]).Tag("a/v1.0.0"), ["/a"], _ => ["/a@v1.0.0"], _ => []),
        Case("licencemajor", r => r.Commit(Mod("licencemajor"), ("LICENSE", "root\n"), ("v2/go.mod", "module github.com/t/licencemajor/v2\n"), ("v2/a.go", "package a\n")).Tag("v2.0.0"), ["/v2"], _ => ["/v2@v2.0.0"], _ => []),

        // What is in a zip
        Case("vendorold", r => Vendored(r, "1.23"), Root, _ => ["@v1.0.0"], _ => []),
        Case("vendornew", r => Vendored(r, "1.24"), Root, _ => ["@v1.0.0"], _ => []),
        Case("links", r => r.Commit("main", null, [File("go.mod", "module github.com/t/links\n"), File("a.go", "package a\n"), Link("b.go", "a.go"), Link("out", "../../etc/passwd"), ("run.sh", "100755", Encoding.UTF8.GetBytes("#!/bin/sh\n"))]).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => []),
        Case("submodule", r => r.Commit("main", null, [File("go.mod", "module github.com/t/submodule\n"), File("a.go", "package a\n"), File(".gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = https://127.0.0.1:1/x\n"), ("x", "160000", Encoding.ASCII.GetBytes(new string('1', 40)))]).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => []),
        Case("attributes", r => r.Commit(Mod("attributes"), (".gitattributes", "secret.txt export-ignore\nsubst.txt export-subst\ncrlf.txt eol=crlf\nid.txt ident\nu.txt working-tree-encoding=UTF-16LE\nauto.txt text=auto\n"),
                ("secret.txt", "kept\n"), ("subst.txt", "$Format:%H$\n"), ("crlf.txt", "a\nb\n"), ("id.txt", "$Id$\n"), ("u.txt", "text\n"), ("auto.txt", "a\nb\n")).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => ["@main"]),
        Case("subattributes", r => r.Commit(Mod("subattributes"), (".gitattributes", "*.txt eol=crlf\n"), ("s/go.mod", "module github.com/t/subattributes/s\n"), ("s/.gitattributes", "y.txt -text\nz.txt ident\n"), ("s/x.txt", "a\n"), ("s/y.txt", "a\n"), ("s/z.txt", "$Id$\n")).Tag("s/v1.0.0"), ["/s"], _ => ["/s@v1.0.0"], _ => []),
        Case("crlf", r => r.Commit(("go.mod", "module github.com/t/crlf\r\n\r\ngo 1.20\r\n"), ("a.go", "package a\r\n"), ("mixed.txt", "a\r\nb\nc\r")).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => ["@main"]),
        Case("lfs", r => r.Commit(Mod("lfs"), Go, (".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n"), ("big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n")).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => []),
        Case("badname", r => r.Commit(Mod("badname"), Go, ("a:b.txt", "x\n")).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => ["@main"]),
        Case("collision", r => r.Commit(Mod("collision"), ("a.txt", "x\n"), ("A.txt", "y\n")).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => []),
        Case("unicode", r => r.Commit(Mod("unicode"), ("grüße.txt", "x\n"), ("a b.txt", "y\n"), ("日本/語.go", "package a\n")).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => []),
        Case("longnames", r => r.Commit(Mod("longnames"), ($"{string.Join('/', Enumerable.Repeat("directory-of-some-length", 9))}/{new string('f', 120)}.go", "package a\n")).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => []),
        Case("gonewer", r => r.Commit(("go.mod", "module github.com/t/gonewer\n\ngo 1.21\n\nignore ./x\n"), Go, ("x/a.go", "package x\n")).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => []),
        Case("gitdir", r => r.Commit(Mod("gitdir"), Go, (".github/w.yml", "x\n"), (".hg_archival.txt", "x\n"), (".gitignore", "*.o\n"), ("x/.hg_archival.txt", "y\n")).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => []),
        Case("bigfile", r => r.Commit("main", null, [File("go.mod", "module github.com/t/bigfile\n"), ("big", "100644", new byte[3 << 20])]).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => []),
        Case("modquoted", r => r.Commit(("go.mod", "// a comment\nmodule (\n\t\"github.com/t/modquoted\" // x\n)\n"), Go).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => ["@main"]),
        Case("modbroken", r => r.Commit(("go.mod", "this is no go.mod\n"), Go).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => ["@main"]),
        Case("nofiles", r => r.Commit(("README", "x\n")).Tag("v0.1.0"), Root, _ => ["@v0.1.0"], _ => ["@main"]),
        Case("onlynested", r => r.Commit(("s/go.mod", "module github.com/t/onlynested/s\n")).Tag("v0.1.0").Tag("s/v0.1.0"), ["", "/s"], _ => ["@v0.1.0", "/s@v0.1.0"], _ => ["@main"]),
        Case("binary", r => r.Commit("main", null, [File("go.mod", "module github.com/t/binary\n"), ("x.bin", "100644", [0, 1, 2, 255, 13, 10, 0]), ("empty", "100644", [])]).Tag("v1.0.0"), Root, _ => ["@v1.0.0"], _ => []),

        // Repositories of other kinds
        new(new ScriptedRepository("github.com/t/empty"), Root, static _ => ["@v1.0.0"], static _ => ["@main", "@HEAD"]),
        new(new ScriptedRepository("github.com/t/sha256", sha256: true).Commit(Mod("sha256"), Go).Tag("v1.0.0").Commit(("b.go", "package a\n")).Commit(("c.go", "package a\n")), Root,
            static r => ["@v1.0.0", $"@v1.0.1-0.{r.Stamp(2)}"], static r => ["@main", $"@{r.Hash(2)[..7]}", $"@{r.Hash(2)[..40]}", $"@{r.Hash(1)}"]),
        new(new ScriptedRepository("git.test/team/qualified").Commit(("go.mod", "module git.test/team/qualified.git\n"), Go, ("sub/go.mod", "module git.test/team/qualified.git/sub\n"), ("sub/a.go", "package a\n")).Tag("v1.0.0").Tag("sub/v1.2.0"), ["", "/sub"],
            static _ => ["@v1.0.0", "/sub@v1.2.0"], static _ => ["@main", "/sub@main"]) { Qualifier = ".git" },
        new(new ScriptedRepository("git.test/v/plain").Commit(("go.mod", "module vanity.test/plain\n"), Go, ("sub/go.mod", "module vanity.test/plain/sub\n")).Tag("v1.0.0").Tag("sub/v1.1.0").Commit("v2", 1, [File("go.mod", "module vanity.test/plain/v2\n")]).Tag("v2.0.0"),
            ["", "/sub", "/v2"], static r => ["@v1.0.0", "/sub@v1.1.0", "/v2@v2.0.0", $"/v2@v2.0.0-{r.Stamp(2)}"], static _ => ["@main", "/v2@v2", "/nothing@main"]) { Prefix = "vanity.test/plain" },
        new(new ScriptedRepository("git.test/v/four").Commit(("go/lib/go.mod", "module vanity.test/four\n"), ("go/lib/a.go", "package a\n"), ("sub/go/lib/go.mod", "module vanity.test/four/sub\n"), ("LICENSE", "root\n"), ("go/lib/v3/go.mod", "module vanity.test/four/v3\n"))
                .Tag("go/lib/v1.0.0").Tag("sub/go/lib/v1.2.0").Tag("go/lib/v3.0.0").Tag("v1.5.0").Tag("go/lib/sub/v1.9.0"),
            ["", "/sub", "/v3"], static _ => ["@v1.0.0", "/sub@v1.2.0", "/v3@v3.0.0", "@v1.5.0", "/sub@v1.9.0"], static _ => ["@main", "/sub@main"]) { Prefix = "vanity.test/four" },
        new(new ScriptedRepository("git.test/v/whole").Commit(("go.mod", "module vanity.test/whole/v2\n"), Go, ("v2/go.mod", "module vanity.test/whole/v2\n")).Tag("v2.0.0").Tag("v1.0.0"), [""], static _ => ["@v2.0.0"], static _ => ["@main"]) { Prefix = "vanity.test/whole/v2" },
        new(new ScriptedRepository("git.test/v/lies").Commit(("go.mod", "module vanity.test/lies/x\n"), Go).Tag("v1.0.0"), [], static _ => ["/x@v1.0.0", "/twice@v1.0.0", "/slash@v1.0.0", "/file@v1.0.0", "/none@v1.0.0", "/odd@v1.0.0"], static _ => []) { Prefix = "vanity.test/lies" },
        new(new ScriptedRepository("git.test/v/yaml").Commit(Go).Tag("v2.0.0").Commit(("go.mod", "module gopkg.in/yaml.v2\n")).Tag("v2.1.0").Commit(("b.go", "package a\n")), [""], static r => ["@v2.0.0", "@v2.1.0", $"@v2.1.1-0.{r.Stamp(3)}", "@v1.0.0"], static _ => ["@main"]) { Prefix = "gopkg.in/yaml.v2" },
        new(new ScriptedRepository("git.test/v/check").Commit(Go).Commit(("b.go", "package a\n")), [""], static r => [$"@v1.0.0-{r.Stamp(1)}", $"@v0.0.0-{r.Stamp(1)}"], static r => ["@main", $"@{r.Hash(2)[..12]}"]) { Prefix = "gopkg.in/check.v1" },
        new(new ScriptedRepository("git.test/v/unstable").Commit(("go.mod", "module gopkg.in/u.v2-unstable\n"), Go).Tag("v2.0.0").Commit(("b.go", "package a\n")), [""], static r => [$"@v2.0.1-0.{r.Stamp(2)}", $"@v2.0.0-{r.Stamp(2)}"], static _ => ["@main"]) { Prefix = "gopkg.in/u.v2-unstable" },
        new(new ScriptedRepository("bitbucket.org/t/known").Commit(("go.mod", "module bitbucket.org/t/known\n"), Go).Tag("v1.0.0"), Root, static _ => ["@v1.0.0"], static _ => ["@main"]),
    ];

    /// <summary>What the hosts that nobody knows say at a path.</summary>
    public static string? PageOrNull(string path) => path switch
    {
        "vanity.test/plain" or "vanity.test/plain/sub" or "vanity.test/plain/v2" or "vanity.test/plain/nothing" =>
            "<!DOCTYPE html>\n<html><head>\n<!-- <meta name=\"go-import\" content=\"vanity.test/plain git https://git.test/v/nothing\"> -->\n<META content='vanity.test/plain git https://git.test/v/plain' NAME=\"go-import\">\n<title>a & b</title></head><body>" + Meta("vanity.test git https://git.test/v/nothing"),
        "vanity.test/four" or "vanity.test/four/sub" or "vanity.test/four/v3" => Meta("vanity.test/four git https://git.test/v/four go/lib"),
        "vanity.test/whole/v2" => Meta("vanity.test/whole/v2 git https://git.test/v/whole") + Meta("vanity.test/other git https://git.test/v/nothing"),
        "vanity.test/lies/x" => Meta("vanity.test/lies git https://git.test/v/lies"),
        "vanity.test/lies" => Meta("vanity.test/lies git https://git.test/v/plain"),
        "vanity.test/lies/twice" => Meta("vanity.test/lies/twice git https://git.test/v/lies") + Meta("vanity.test/lies/twice git https://git.test/v/plain"),
        "vanity.test/lies/slash" => Meta("vanity.test/lies/slash git https://git.test/v/lies /sub"),
        "vanity.test/lies/file" => Meta("vanity.test/lies/file git file:///git.test/v/lies"),
        "vanity.test/lies/odd" => Meta("vanity.test/lies/odd git https://git.test/v/lies a b"),
        "vanity.test/lies/none" => "<html><head></head></html>",
        "gopkg.in/yaml.v2" => Meta("gopkg.in/yaml.v2 git https://git.test/v/yaml"),
        "gopkg.in/check.v1" => Meta("gopkg.in/check.v1 git https://git.test/v/check"),
        "gopkg.in/u.v2-unstable" => Meta("gopkg.in/u.v2-unstable git https://git.test/v/unstable"),
        _ => null,
    };

    private static string Meta(string content) => $"<meta name=\"go-import\" content=\"{content}\">\n";

    private static DirectCase Case(
        string name, Func<ScriptedRepository, ScriptedRepository> script, string[] modules,
        Func<ScriptedRepository, IEnumerable<string>> versions, Func<ScriptedRepository, IEnumerable<string>> queries, string? path = null) =>
        new(script(new ScriptedRepository(path ?? $"github.com/t/{name}")), modules, versions, queries);

    private static (string, string?) Mod(string name) => ("go.mod", $"module github.com/t/{name}\n");

    private static (string, string, byte[]?) File(string path, string content) => (path, "100644", Encoding.UTF8.GetBytes(content));

    private static (string, string?) File2(string path) => (path, "package a\n");

    private static (string, string, byte[]?) Link(string path, string target) => (path, "120000", Encoding.UTF8.GetBytes(target));

    private static ScriptedRepository Vendored(ScriptedRepository repository, string language) => repository.Commit(
        ("go.mod", $"module {repository.Path}\n\ngo {language}\n"), Go, ("vendor/modules.txt", "# x\n"), ("vendor/x.go", "package vendor\n"), ("vendor/a/b/c.go", "package b\n"),
        ("pkg/vendor/v.go", "package vendor\n"), ("pkg/vendor/a/v.go", "package a\n"), ("p/vendor/modules.txt", "x\n"), ("longer/name/vendor/x.go", "package x\n")).Tag("v1.0.0");
}
