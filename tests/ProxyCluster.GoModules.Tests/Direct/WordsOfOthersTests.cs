using System.Text;
using ProxyCluster.GoModules.Direct;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.GoModules.Tests.Direct;

/// <summary>What paths, pages, repositories and go.mod files say, right and wrong.</summary>
public sealed class WordsOfOthersTests
{
    [Theory]
    [InlineData("github.com/o/r", "github.com/o/r git https://github.com/o/r")]
    [InlineData("github.com/o/r/sub/v2", "github.com/o/r git https://github.com/o/r")]
    [InlineData("bitbucket.org/o/r.x/y", "bitbucket.org/o/r.x git https://bitbucket.org/o/r.x")]
    [InlineData("hub.jazz.net/git/user1/r/x", "hub.jazz.net/git/user1/r git https://hub.jazz.net/git/user1/r")]
    [InlineData("git.apache.org/thrift.git/lib", "git.apache.org/thrift.git git https://git.apache.org/thrift.git")]
    [InlineData("chiselapp.com/user/u/repository/r", "chiselapp.com/user/u/repository/r fossil https://chiselapp.com/user/u/repository/r")]
    [InlineData("example.com/a/b.git/c.hg", "example.com/a/b.git git example.com/a/b")]
    [InlineData("example.com/~u/b.svn", "example.com/~u/b.svn svn example.com/~u/b")]
    [InlineData("github.com/o", null)]
    [InlineData("github.com/o/r.git", null)]
    [InlineData("github.com/o/~r", null)]
    [InlineData("hub.jazz.net/git/User/r", null)]
    [InlineData("git.apache.org/thrift", null)]
    [InlineData("example.com/git", "")]
    [InlineData("gitlab.com/o/r", "")]
    [InlineData("gopkg.in/yaml.v2", "")]
    public void Path_SaysWhereItsRepositoryIs(string path, string? expected)
    {
        var root = KnownHosts.FindOrNull(ModulePath.Parse(path), out var fault);
        Assert.Equal(expected ?? "fault", root is null ? (fault is null ? "" : "fault") : $"{root.Prefix} {root.Vcs} {root.Url}");
    }

    [Theory]
    [InlineData("<meta name=\"go-import\" content=\"a.b/c git https://x.y/z\">", "a.b/c git https://x.y/z ")]
    [InlineData("<META NAME=go-import CONTENT='a.b/c git https://x.y/z sub/dir' />", "a.b/c git https://x.y/z sub/dir")]
    [InlineData("<meta content=\"a.b/c\n git\thttps://x.y/z?a=1&amp;b=2\" name=\"go-import\"/>", "a.b/c git https://x.y/z?a=1&b=2 ")]
    [InlineData("<!-- <meta name=\"go-import\" content=\"a.b/c git https://x.y/z\"> -->", "")]
    [InlineData("</head><meta name=\"go-import\" content=\"a.b/c git https://x.y/z\">", "")]
    [InlineData("<body class=x><meta name=\"go-import\" content=\"a.b/c git https://x.y/z\">", "")]
    [InlineData("<meta name=\"go-source\" content=\"a.b/c git https://x.y/z\"><meta name=\"go-import\" content=\"a.b/c git\"><meta name=\"go-import\" content=\"a b c d e\">", "")]
    [InlineData("<meta name=\"go-import\" content=\"a.b/c git https://x.y/z\"><meta name=\"go-import\" content=\"a.b/c mod https://p.q\">", "a.b/c mod https://p.q ")]
    [InlineData("<meta name=\"go-import\" content=\"a.b git https://x.y/z\"><meta name=\"go-import\" content=\"a.b/c mod https://p.q\">", "a.b/c mod https://p.q |a.b git https://x.y/z ")]
    [InlineData("< <meta <meta name=\"go-import", "")]
    [InlineData("<", "")]
    [InlineData("<meta name=\"", "")]
    public void Page_SaysWhereRepositoriesAre(string page, string expected) => Assert.Equal(
        expected, string.Join('|', GoImport.Parse(page).Select(static one => $"{one.Prefix} {one.Vcs} {one.Url} {one.Subdirectory}")));

    [Theory]
    [InlineData("git https://x.y/z", true)]
    [InlineData("git ssh://git@x.y/z", true)]
    [InlineData("git https://x.y/z sub/dir", true)]
    [InlineData("git file:///x", false)]
    [InlineData("git x.y/z", false)]
    [InlineData("git ext::x", false)]
    [InlineData("git https://x.y/z /sub", false)]
    [InlineData("git https://x.y/z -sub", false)]
    [InlineData("git https://x.y/z sub/../..", false)]
    public void Page_ThatNamesSomethingElse_IsNotBelieved(string content, bool isBelieved) => Assert.Equal(
        isBelieved, GoImport.MatchOrNull(GoImport.Parse($"<meta name=\"go-import\" content=\"a.b/c {content}\">"), ModulePath.Parse("a.b/c/d"), out _) is not null);

    [Theory]
    [InlineData("refs/heads/main", true)]
    [InlineData("refs/tags/a/v1.0.0", true)]
    [InlineData("refs/heads/--upload-pack=x", false)]
    [InlineData("refs/heads/-x", false)]
    [InlineData("refs/heads/a b", false)]
    [InlineData("refs/heads/a:refs/heads/b", false)]
    [InlineData("refs/heads/a*", false)]
    [InlineData("refs/heads/../../config", false)]
    [InlineData("refs/heads/x.lock", false)]
    [InlineData("refs/heads/.x", false)]
    [InlineData("refs/heads/a//b", false)]
    [InlineData("refs/heads/a@{1}", false)]
    [InlineData("refs/heads/a\x1b[31m", false)]
    [InlineData("refs/pull/1/head", false)]
    [InlineData("refs/heads/", false)]
    public void Name_ThatGitWouldRefuse_IsNotTaken(string name, bool isTaken)
    {
        var hash = new string('a', 40);
        Assert.Equal(isTaken ? name : null, RefTable.Parse($"{hash}\t{name}\n").Find(hash[..12]).Ref);
    }

    [Fact]
    public void Table_OfAnAnnotatedTag_NamesTheCommitBehindIt()
    {
        var table = RefTable.Parse($"{new string('b', 40)}\trefs/tags/v1\n{new string('c', 40)}\trefs/tags/v1^{{}}\n{new string('c', 40)}\tHEAD\nnonsense\n{new string('c', 39)}\trefs/heads/x\n");
        Assert.Equal(new string('c', 40), table.TagOrNull("v1"));
        Assert.Equal(new string('b', 40), table.ObjectOrNull("refs/tags/v1"));
        Assert.Equal(new string('c', 40), table.ObjectOrNull("HEAD"));
        Assert.Equal(["v1"], table.TagsOn(new string('c', 40)));
        Assert.Equal(default, table.Find("x"));
        Assert.Equal("HEAD", table.Find("ccccccc").Ref);
    }

    [Fact]
    public void Table_WithCommitsThatBeginAlike_KnowsThatItIsAmbiguous()
    {
        var table = RefTable.Parse($"aaaaaaaa{new string('b', 32)}\trefs/heads/x\naaaaaaaa{new string('c', 32)}\trefs/heads/y\n");
        Assert.True(table.Find("aaaaaaaa").IsAmbiguous);
        Assert.Equal("refs/heads/x", table.Find("aaaaaaaab").Ref);
        Assert.Equal(default, table.Find("aaaaaa"));
    }

    [Theory]
    [InlineData("retract v1.0.0", "v1.0.0-v1.0.0")]
    [InlineData("retract [v1.0.0, v1.2.0] // why", "v1.0.0-v1.2.0")]
    [InlineData("retract (\n\tv1.0.0\n\t\"v1.1.0\" // x\n\t[ v2.0.0 , v2.1.0 ]\n)\n", "v1.0.0-v1.0.0 v1.1.0-v1.1.0 v2.0.0-v2.1.0")]
    [InlineData("retract [v1.0.0]\nretract x\nretract [v1.0.0, v1.2.0\nretract v1.0.0 v1.1.0\nretract v1.5", "v1.5.0-v1.5.0")]
    [InlineData("// retract v1.0.0\nmodule retract", "")]
    public void GoMod_SaysWhatItTakesBack(string goMod, string expected) =>
        Assert.Equal(expected, string.Join(' ', GoModFile.Retractions(Encoding.UTF8.GetBytes(goMod)).Select(static one => $"{one.Low}-{one.High}")));
}
