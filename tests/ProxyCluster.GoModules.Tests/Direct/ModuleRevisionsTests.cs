using System.Text;
using ProxyCluster.GoModules.Direct;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Tests.Direct;

/// <summary>
/// What versions a repository has, and what its commits are called. That go says the same is shown elsewhere, with real
/// repositories and the real command; here every rule is met by itself.
/// </summary>
public sealed class ModuleRevisionsTests
{
    private static readonly Dictionary<string, MemoryRepository> Repositories = new()
    {
        ["empty"] = new(),
        ["tags"] = new MemoryRepository()
            .Commit(("go.mod", "module git.test/r")).Tag("v1.0.0", "v1.0", "release-1")
            .Commit().Tag("v1.1.0-rc.1").Branch("dev")
            .Commit().Branch("main")
            .From(1).Commit().Branch("side"),
        ["untagged"] = new MemoryRepository().Commit().Commit(),
        ["meta"] = new MemoryRepository().Commit().Tag("v0.1.0+a", "v0.1.0+b").Commit().Tag("v0.2.0+c").Commit(),
        ["several"] = new MemoryRepository().Commit().Tag("v0.1.0", "v0.3.0", "v0.2.0-pre").Commit(),
        ["pseudotag"] = new MemoryRepository().Commit().Tag(MemoryRepository.Fill("v0.0.0-{2}")).Commit(),
        ["retracted"] = new MemoryRepository()
            .Commit(("go.mod", "module git.test/r")).Tag("v1.0.0")
            .Commit().Tag("v1.1.0")
            .Commit(("go.mod", "module git.test/r\nretract [v1.1.0, v1.2.0]")).Tag("v1.2.0")
            .Commit(),
        ["majors"] = new MemoryRepository()
            .Commit().Tag("v1.0.0")
            .Commit().Tag("v2.0.0", "v2.1.0")
            .Commit(("v3/go.mod", "module git.test/r/v3")).Tag("v3.0.0")
            .Commit(),
        ["claimed"] = new MemoryRepository()
            .Commit().Tag("v2.0.0")
            .Commit(("go.mod", "module git.test/r")).Tag("v1.5.0", "v3.0.0"),
        ["branched"] = new MemoryRepository()
            .Commit(("go.mod", "module git.test/r")).Tag("v1.0.0")
            .Commit(("go.mod", "module git.test/r/v2")).Tag("v2.0.0")
            .Commit(),
        ["both"] = new MemoryRepository().Commit(("go.mod", "module git.test/r/v2"), ("v2/go.mod", "module git.test/r/v2")).Tag("v2.0.0"),
        ["nameless"] = new MemoryRepository().Commit(("go.mod", "go 1.20"), ("v2/go.mod", "module other/v4")).Tag("v1.0.0", "v2.0.0"),
        ["below"] = new MemoryRepository()
            .Commit(("sub/go.mod", "module git.test/r/sub"), ("go.mod", "module git.test/r")).Tag("sub/v1.0.0", "v1.9.0")
            .Commit(("sub/v2/go.mod", "module git.test/r/sub/v2")).Tag("sub/v2.0.0")
            .Commit(),
        ["unstable"] = new MemoryRepository().Commit(("go.mod", "module gopkg.in/r.v2-unstable")).Tag("v2.0.0"),
    };

    [Theory]
    [InlineData("empty", "", "")]
    [InlineData("tags", "", "v1.0.0 v1.1.0-rc.1")]
    [InlineData("tags", "/v2", "")]
    [InlineData("meta", "", "")]
    [InlineData("several", "", "v0.1.0 v0.2.0-pre v0.3.0")]
    [InlineData("pseudotag", "", "")]
    [InlineData("retracted", "", "v1.0.0 v1.1.0 v1.2.0")]
    [InlineData("majors", "", "v1.0.0 v2.0.0+incompatible v2.1.0+incompatible v3.0.0+incompatible")]
    [InlineData("majors", "/v3", "v3.0.0")]
    [InlineData("claimed", "", "v1.5.0")]
    [InlineData("branched", "", "v1.0.0")]
    [InlineData("branched", "/v2", "v2.0.0")]
    [InlineData("below", "/sub", "v1.0.0")]
    [InlineData("below", "/sub/v2", "v2.0.0")]
    [InlineData("unstable", "gopkg.in/r.v2-unstable", "")]
    public async Task List_HasTheTagsThatCount(string repository, string module, string expected) =>
        Assert.Equal(expected, string.Join(' ', await Of(repository, module).ListAsync(TestContext.Current.CancellationToken)));

    // The version, its commit, and the directory where that is not the root; or what is said about it.
    [Theory]
    [InlineData("empty", "", "", "the repository is empty")]
    [InlineData("empty", "", "main", "the repository has no main")]

    // By tag, branch and commit
    [InlineData("tags", "", "v1.0.0", "v1.0.0 1")]
    [InlineData("tags", "", "v1.1.0-rc.1", "v1.1.0-rc.1 2")]
    [InlineData("tags", "", "v1.2.0", "the repository has no v1.2.0")]
    [InlineData("tags", "", "release-1", "v1.0.0 1")]
    [InlineData("tags", "", "v1.0", "v1.0.0 1")]
    [InlineData("tags", "", "dev", "v1.1.0-rc.1 2")]
    [InlineData("tags", "", "main", "v1.1.0-rc.1.0.{3} 3")]
    [InlineData("tags", "", "side", "v1.0.1-0.{4} 4")]
    [InlineData("tags", "", "aaaaaaa", "v1.0.0 1")]
    [InlineData("tags", "", "[3]", "v1.1.0-rc.1.0.{3} 3")]
    [InlineData("tags", "", "fffffff", "the repository has no commit fffffff")]
    [InlineData("tags", "", "", "v1.0.1-0.{4} 4")]
    [InlineData("untagged", "", "bbbbbbb", "v0.0.0-{2} 2")]
    [InlineData("several", "", "aaaaaaa", "v0.3.0 1")]
    [InlineData("several", "", "v0.1.0", "v0.1.0 1")]
    [InlineData("several", "", "v0.2.0-pre", "v0.2.0-pre 1")]
    [InlineData("several", "", "HEAD", "v0.3.1-0.{2} 2")]

    // Tags that are no canonical versions, but may be built on
    [InlineData("meta", "", "v0.2.0+c", "v0.2.1-0.{2} 2")]
    [InlineData("meta", "", "aaaaaaa", "v0.1.1-0.{1} 1")]
    [InlineData("meta", "", "HEAD", "v0.2.1-0.{3} 3")]
    [InlineData("pseudotag", "", "v0.0.0-{2}", "v0.0.0-{2} 2")]
    [InlineData("pseudotag", "", "aaaaaaa", "v0.0.0-{1} 1")]

    // Pseudo-versions that the repository bears out, and those that it does not
    [InlineData("tags", "", "v1.1.0-rc.1.0.{3}", "v1.1.0-rc.1.0.{3} 3")]
    [InlineData("tags", "", "v1.0.1-0.{3}", "v1.0.1-0.{3} 3")]
    [InlineData("tags", "", "v0.0.0-{3}", "v0.0.0-{3} 3")]
    [InlineData("tags", "", "v1.0.0-{3}", "v1.0.0-{3} is v1 without a tag before it, which would be v0")]
    [InlineData("tags", "", "v1.0.1-0.{1}", "v1.0.1-0.{1} names a commit that has a tag, v1.0.0")]
    [InlineData("tags", "", "v1.2.1-0.{3}", "v1.2.1-0.{3} is built on v1.2.0, which is no tag")]
    [InlineData("tags", "", "v1.1.0-rc.1.0.{4}", "v1.1.0-rc.1.0.{4} is not behind v1.1.0-rc.1")]
    [InlineData("tags", "", "v0.0.0-20240102030409-cccccccccccc", "v0.0.0-20240102030409-cccccccccccc has not the commit's time, 20240102030403")]
    [InlineData("tags", "", "v0.0.0-20240102030403-ccccccccccccc", "v0.0.0-20240102030403-ccccccccccccc names its commit ccccccccccccc, which is cccccccccccc")]
    [InlineData("tags", "", "v2.0.0-{3}", "v2.0.0-{3} is no version of git.test/r: the module has a go.mod, so its path must say the major version")]
    [InlineData("tags", "", "v0.0.0-{3}+incompatible", "v0.0.0-{3}+incompatible is no version of git.test/r: +incompatible is for other major versions than v0 and v1")]
    [InlineData("meta", "", "v0.2.1-0.{3}", "v0.2.1-0.{3} 3")]
    [InlineData("tags", "", "v0.0.0-20240102030403-0123456789ab", "the repository has no commit 0123456789ab")]

    // What is retracted, is found by its name only
    [InlineData("retracted", "", "v1.1.0", "v1.1.0 2")]
    [InlineData("retracted", "", "bbbbbbb", "v1.0.1-0.{2} 2")]
    [InlineData("retracted", "", "HEAD", "v1.0.1-0.{4} 4")]

    // Major versions: without a go.mod, by directory, by branch
    [InlineData("majors", "", "v2.0.0+incompatible", "v2.0.0+incompatible 2")]
    [InlineData("majors", "", "v2.0.0", "v2.0.0+incompatible 2")]
    [InlineData("majors", "", "v1.0.0+incompatible", "v1.0.0+incompatible is no version of git.test/r: +incompatible is for other major versions than v0 and v1")]
    [InlineData("majors", "", "v3.0.0+incompatible", "v3.0.0+incompatible 3")]
    [InlineData("majors", "", "bbbbbbb", "v2.1.0+incompatible 2")]
    [InlineData("majors", "", "HEAD", "v2.1.1-0.{4}+incompatible 4")]
    [InlineData("majors", "", "v2.1.1-0.{4}+incompatible", "v2.1.1-0.{4}+incompatible 4")]
    [InlineData("majors", "/v3", "v3.0.0", "v3.0.0 3 v3")]
    [InlineData("majors", "/v3", "HEAD", "v3.0.1-0.{4} 4 v3")]
    [InlineData("majors", "/v2", "v2.0.0", "v2.0.0 is no version of git.test/r/v2: at that commit there is no go.mod and no v2/go.mod")]
    [InlineData("claimed", "", "v2.0.0", "v2.0.0+incompatible 1")]
    [InlineData("claimed", "", "v3.0.0", "v3.0.0 is no version of git.test/r: the module has a go.mod, so its path must say the major version")]
    [InlineData("branched", "/v2", "v2.0.0", "v2.0.0 2")]
    [InlineData("branched", "/v2", "HEAD", "v2.0.1-0.{3} 3")]
    [InlineData("branched", "/v2", "v1.0.0", "v1.0.0 is no version of git.test/r/v2: at that commit go.mod names git.test/r, whose major version is not that of git.test/r/v2")]
    [InlineData("branched", "", "v2.0.0", "v2.0.0 is no version of git.test/r: at that commit go.mod names git.test/r/v2, whose major version is not that of git.test/r")]
    [InlineData("both", "/v2", "v2.0.0", "v2.0.0 is no version of git.test/r/v2: at that commit go.mod and v2/go.mod both claim to be git.test/r/v2")]
    [InlineData("nameless", "", "v1.0.0", "v1.0.0 is no version of git.test/r: at that commit go.mod names no module")]
    [InlineData("nameless", "/v2", "v2.0.0", "v2.0.0 is no version of git.test/r/v2: at that commit v2/go.mod names other/v4, whose major version is not that of git.test/r/v2")]

    // Below the root
    [InlineData("below", "/sub", "v1.0.0", "v1.0.0 1 sub")]
    [InlineData("below", "/sub", "HEAD", "v1.0.1-0.{3} 3 sub")]
    [InlineData("below", "/sub", "v1.9.0", "the repository has no sub/v1.9.0")]
    [InlineData("below", "/sub/v2", "v2.0.0", "v2.0.0 2 sub/v2")]
    [InlineData("below", "/sub/v2", "HEAD", "v2.0.1-0.{3} 3 sub/v2")]
    [InlineData("below", "/sub", "v2.0.0", "v2.0.0 is no version of git.test/r/sub: the module has a go.mod, so its path must say the major version")]
    [InlineData("below", "/other", "HEAD", "v0.0.0-{3} is no version of git.test/r/other: at that commit there is no other/go.mod")]
    [InlineData("unstable", "gopkg.in/r.v2-unstable", "HEAD", "v2.0.0 1")]
    public async Task Revision_IsCalledAsGoCallsIt(string repository, string module, string asked, string expected) =>
        Assert.Equal(MemoryRepository.Fill(expected), Text(await Of(repository, module).FindAsync(MemoryRepository.Fill(asked), TestContext.Current.CancellationToken)));

    [Theory]
    [InlineData("tags", "", "", "v1.0.0 1")]
    [InlineData("untagged", "", "", "v0.0.0-{2} 2")]
    [InlineData("retracted", "", "", "v1.0.0 1")]
    [InlineData("majors", "", "", "v3.0.0+incompatible 3")]
    [InlineData("tags", "", "v1", "v1.0.0 1")]
    [InlineData("tags", "", "v1.1", "no version of git.test/r begins with v1.1")]
    [InlineData("several", "", "v0", "v0.3.0 1")]
    [InlineData("several", "", "v0.2", "no version of git.test/r begins with v0.2")]
    [InlineData("several", "", "v0.1", "v0.1.0 1")]
    [InlineData("retracted", "", "v1.1", "no version of git.test/r begins with v1.1")]
    [InlineData("majors", "", "v2", "v2.1.0+incompatible 2")]
    public async Task Highest_OfAllOrOfThoseThatBeginSo_IsARelease(string repository, string module, string beginning, string expected)
    {
        var revisions = Of(repository, module);
        var found = beginning.Length == 0
            ? await revisions.LatestAsync(TestContext.Current.CancellationToken)
            : await revisions.FindHighestAsync(beginning, TestContext.Current.CancellationToken);
        Assert.Equal(MemoryRepository.Fill(expected), Text(found));
    }

    // What depends on no tag names none; sums as go counts them: a line of name and commit for each tag that counts.
    [Theory]
    [InlineData("tags", "", "v1.0.0", """{"VCS":"git","URL":"https://git.test/r","Hash":"[1]","Ref":"refs/tags/v1.0.0"}""")]
    [InlineData("tags", "", "[1]", """{"VCS":"git","URL":"https://git.test/r","Hash":"[1]"}""")]
    [InlineData("tags", "", "v0.0.0-{3}", """{"VCS":"git","URL":"https://git.test/r","Hash":"[3]"}""")]
    [InlineData("tags", "", "main", """{"VCS":"git","URL":"https://git.test/r","Hash":"[3]","TagSum":"t1:e4bWHKc1M3zSxDYI5nbLutEw06xWnALASKqTjlMKHAk=","Ref":"refs/heads/main"}""")]
    [InlineData("pseudotag", "", "HEAD", """{"VCS":"git","URL":"https://git.test/r","Hash":"[2]","TagSum":"t1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=","Ref":"HEAD"}""")]
    [InlineData("below", "/sub", "HEAD", """{"VCS":"git","URL":"https://git.test/r","Subdir":"sub","Hash":"[3]","TagPrefix":"sub/","TagSum":"t1:cPo2TEPlLpDtsQxLrh64hZy1WG//T1TZqC867etnB24=","Ref":"HEAD"}""")]
    [InlineData("below", "/sub/v2", "HEAD", """{"VCS":"git","URL":"https://git.test/r","Subdir":"sub","Hash":"[3]","TagPrefix":"sub/v2.","TagSum":"t1:wwqj3cVSmy49n477XP0jZnK2CwvSYV4qYUXOmqR47ts=","Ref":"HEAD"}""")]
    public async Task Origin_SaysWhatTheAnswerDependsOn(string repository, string module, string asked, string expected)
    {
        var found = await Of(repository, module).FindAsync(MemoryRepository.Fill(asked), TestContext.Current.CancellationToken);
        var info = Encoding.UTF8.GetString(RevisionOrigin.WriteInfo(found.Revision!));
        var second = MemoryRepository.NumberOf(found.Revision!.Commit.Hash);
        Assert.Equal($$"""{"Version":"{{found.Revision.Version}}","Time":"2024-01-02T03:04:0{{second}}Z","Origin":{{MemoryRepository.Fill(expected)}}}""", info);
    }

    [Fact]
    public async Task GoMod_OfAModuleWithoutOne_NamesIt()
    {
        var (bare, own) = (await Of("untagged", "").FindAsync("HEAD", TestContext.Current.CancellationToken), await Of("tags", "").FindAsync("HEAD", TestContext.Current.CancellationToken));
        Assert.Equal("module git.test/r\n", Encoding.UTF8.GetString(bare.Revision!.GoModOf(ModulePath.Parse("git.test/r"))));
        Assert.Equal("module git.test/r", Encoding.UTF8.GetString(own.Revision!.GoModOf(ModulePath.Parse("git.test/r"))));
    }

    private static string Text(FoundRevision found) => found.Revision is { } revision
        ? $"{revision.Version} {MemoryRepository.NumberOf(revision.Commit.Hash)} {revision.Tree.Directory}".TrimEnd()
        : found.Fault!;

    private static ModuleRevisions Of(string repository, string module)
    {
        var path = ModulePath.Parse(module.StartsWith("gopkg", StringComparison.Ordinal) ? module : "git.test/r" + module);
        var root = new RepositoryRoot(module.StartsWith("gopkg", StringComparison.Ordinal) ? module : "git.test/r", "git", "https://git.test/r");
        return new(ModulePlace.FindOrNull(path, root, out _)!, Repositories[repository]);
    }
}
