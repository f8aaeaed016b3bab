using ProxyCluster.Credentials;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;
using ProxyCluster.TestKit.Repositories;
using ProxyCluster.Tests.Credentials;

namespace ProxyCluster.Tests.Repositories;

/// <summary>For whom repositories get our logins, and what git is told of them.</summary>
public sealed class RepositoryLoginTests : IDisposable
{
    private readonly List<DirectWorld> _worlds = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _worlds.ForEach(static world => world.Dispose());

    [Fact]
    public async Task Repository_ThatAStrangersPageNamesToo_GivesHimNeitherOurLoginNorOurMirror()
    {
        var calls = 0;
        var world = World(new DirectWorld(static options => options.Inside = "git.test", new ScriptedPages(DirectCases.PageOrNull), (_, _) =>
        {
            Interlocked.Increment(ref calls);
            return ValueTask.FromResult<GitLogin?>(null);
        }));
        new ScriptedRepository("git.test/v/plain").Commit(("go.mod", "module git.test/v/plain.git\n")).Tag("v1.0.0").Make(world.Repositories);
        Assert.True(ModulePath.TryParse("git.test/v/plain.git", out var ours, out _));
        Assert.True(ModulePath.TryParse("vanity.test/plain", out var theirs, out _));
        Assert.Null((await world.Modules.ArtifactAsync(new(ours, "v1.0.0"), ArtifactKind.Mod, Cancellation)).Failure);
        var (before, mirror) = (calls, MirrorOf(world));
        Assert.NotEqual(0, before);

        var answer = await world.Modules.ArtifactAsync(new(theirs, "v1.0.0"), ArtifactKind.Mod, Cancellation);

        Assert.NotNull(answer.Failure);
        Assert.Equal(before, calls);
        Assert.Equal(mirror, MirrorOf(world));
    }

    [Fact]
    public async Task Login_ThatCannotBeHad_IsAnOutageOfTheRepository()
    {
        using var logins = TestLogins.Of(new CredentialRuleOptions { Match = "127.0.0.1", TokenFile = "/nowhere/token" });
        var world = World(new DirectWorld(
            static options => (options.Rewrites, options.Inside) = (["https://github.com/=http://127.0.0.1:1/"], "github.com"), logins: GitLogin.Configured(logins)));

        var failure = (await world.Modules.ListAsync(ModulePath.Parse("github.com/t/lib"), Cancellation)).Failure;

        Assert.Equal(FailureKind.UpstreamUnavailable, failure?.Kind);
        Assert.Contains("its login cannot be had: ", failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Login_ForGit_IsInItsEnvironmentOnly()
    {
        var basic = GitLogin.Of(Login.Basic("alice", "secret"));
        Assert.Equal([new("http.extraHeader", "Authorization: Basic YWxpY2U6c2VjcmV0")], basic.Configuration);
        Assert.Null(basic.SshCommand);

        var key = GitLogin.Of(Login.SshKey("/keys/it's mine"));
        Assert.Empty(key.Configuration);
        Assert.Equal(@"ssh -i '/keys/it'\''s mine'", key.SshCommand);
    }

    [Fact]
    public void Mirror_OfAnInsider_IsNotThatOfAStranger()
    {
        var world = World(new DirectWorld());
        var address = new RepositoryAddress("https://git.test/x", "https://git.test/x", new Uri("https://git.test/x"), IsRewritten: false);

        Assert.NotEqual(world.Mirrors.DirectoryOf(address), world.Mirrors.DirectoryOf(address with { IsInside = true }));
    }

    private DirectWorld World(DirectWorld world)
    {
        _worlds.Add(world);
        return world;
    }

    private static string MirrorOf(DirectWorld world) =>
        Directory.EnumerateDirectories(world.Tree.Repositories).Single(static path => Path.GetFileName(path) != "home");
}
