using System.Net;
using System.Net.Sockets;
using System.Text;
using ProxyCluster.Credentials;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Repositories;

namespace ProxyCluster.Tests.Repositories;

/// <summary>Repositories over http and ssh, with logins.</summary>
public sealed class TransportTests : IDisposable
{
    private const string Authorization = "Basic Ym90OnNlY3JldA==";
    private static readonly ModulePath Lib = ModulePath.Parse("git.test/lib.git");

    private readonly List<DirectWorld> _worlds = [];
    private readonly TestKit.Processes.ScratchDirectory _repositories = new();
    private readonly ScriptedRepository _lib = new ScriptedRepository("lib").Commit(("go.mod", "module git.test/lib.git\n"), ("a.go", "package a\n")).Tag("v1.0.0")
        .Commit(("b.go", "package a\n")).Annotated("v1.1.0").Commit(("c.go", "package a\n")).Commit(("d.go", "package a\n"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public TransportTests() => _lib.Make(_repositories.Path);

    [Fact]
    public async Task Repository_OverHttp_IsAskedAndFetched()
    {
        using var server = new GitHttpServer(_repositories.Path);
        await AssertIsWholeAsync(World(server.Url));
        Assert.All(server.Logins, static login => Assert.Equal("", login));
    }

    [Fact]
    public async Task Repository_OverHttpWithALogin_GetsItFromTheSeam()
    {
        using var server = new GitHttpServer(_repositories.Path, Authorization);
        await AssertIsWholeAsync(World(server.Url, new GitLogin([new("http.extraHeader", $"Authorization: {Authorization}")])));
    }

    [Fact]
    public async Task Repository_ThatWantsALoginThatWeHaveNot_IsNoAbsence()
    {
        using var server = new GitHttpServer(_repositories.Path, Authorization);
        var failure = (await World(server.Url).Modules.ListAsync(Lib, Cancellation)).Failure;
        Assert.Equal(FailureKind.Blocked, failure?.Kind);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Repository_ThatRefusesALogin_IsAskedOnceMoreWithTheNext(bool hasFirst)
    {
        using var server = new GitHttpServer(_repositories.Path, Authorization);
        var source = new Renewed(hasFirst ? Login.Bearer("old") : null, Login.Basic("bot", "secret"));
        using var logins = new Logins(TimeProvider.System, _ => [new LoginRule("*", "", source)]);
        var world = new DirectWorld(
            options => (options.Rewrites, options.Inside) = ([$"https://git.test/={server.Url}"], "git.test"), logins: GitLogin.Configured(logins));
        _worlds.Add(world);

        Assert.Equal("v1.0.0\nv1.1.0\n", await ReadAsync(world.Modules.ListAsync(Lib, Cancellation)));

        Assert.Equal([401], source.Refusals);
        Assert.Equal(Authorization, Assert.Single(source.Accepted).Headers.Single().Value);
    }

    [Fact]
    public async Task Repository_ThatAnotherHostHasNow_IsFollowedWithoutALoginOnly()
    {
        using var server = new GitHttpServer(_repositories.Path);
        using var old = new GitHttpServer(_repositories.Path, movedTo: server.Url);

        Assert.Null((await World(old.Url).Modules.ListAsync(Lib, Cancellation)).Failure);
        var failure = (await World(old.Url, new GitLogin([new("http.extraHeader", $"Authorization: {Authorization}")])).Modules.ListAsync(Lib, Cancellation)).Failure;

        Assert.Equal(FailureKind.UpstreamInvalid, failure?.Kind);
        Assert.Contains("Direct:Rewrites", failure!.Message, StringComparison.Ordinal);
        Assert.Contains(Authorization, old.Logins);
        Assert.DoesNotContain(Authorization, server.Logins);
    }

    [Fact]
    public async Task Versions_OfARepositoryWithFewTags_AreFetchedTogether()
    {
        using var server = new GitHttpServer(_repositories.Path);
        var world = World(server.Url);

        foreach (var version in (string[])["v1.0.0", "v1.1.0"])
            Assert.NotEmpty(await ReadAsync(world.Modules.ArtifactAsync(new(Lib, version), ArtifactKind.Zip, Cancellation)));

        Assert.Equal(1, server.Fetches["lib"]);
    }

    [Fact]
    public async Task Versions_OfARepositoryWithManyTags_CostTheirOwnFiles()
    {
        var many = new ScriptedRepository("many").Commit(("go.mod", "module git.test/many.git\n"));
        for (var i = 0; i < 40; i++)
            many.Tag($"v1.{i}.0").Commit(("a.go", $"package a // {i}\n"));
        many.Make(_repositories.Path);
        using var server = new GitHttpServer(_repositories.Path);
        var world = World(server.Url);

        foreach (var version in (string[])["v1.0.0", "v1.1.0"])
            Assert.NotEmpty(await ReadAsync(world.Modules.ArtifactAsync(new(ModulePath.Parse("git.test/many.git"), version), ArtifactKind.Zip, Cancellation)));

        Assert.InRange(server.Fetches["many"], 2, 10);
    }

    // The connection is taken, and nothing comes of it.
    [Fact]
    public async Task Host_ThatSwallowsAQuestion_IsLeftAloneForTheNext()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var world = World($"http://{silent.LocalEndpoint}/", configure: static options => options.AskTimeout = TimeSpan.FromSeconds(1));

        var first = (await world.Modules.ListAsync(Lib, Cancellation)).Failure;
        while (silent.Pending())
            (await silent.AcceptTcpClientAsync(Cancellation)).Dispose();
        var second = (await world.Modules.ListAsync(ModulePath.Parse("git.test/other.git"), Cancellation)).Failure;

        Assert.Equal(FailureKind.UpstreamTimeout, first?.Kind);
        Assert.Equal(first, second);
        Assert.False(silent.Pending());
    }

    // What ssh does at its other end, without the way there; the key would be in the command.
    [Fact]
    public async Task Repository_OverSsh_IsAskedByTheLoginsCommand()
    {
        var ssh = ShellScript.Write(_repositories["ssh"], "for last; do :; done\nexec sh -c \"$last\"");
        await AssertIsWholeAsync(World($"ssh://git@nowhere.test{_repositories.Path}/", new GitLogin([], ssh)));
    }

    public void Dispose()
    {
        _worlds.ForEach(static world => world.Dispose());
        _repositories.Dispose();
    }

    private DirectWorld World(string to, GitLogin? login = null, Action<DirectOptions>? configure = null)
    {
        var world = new DirectWorld(
            options =>
            {
                (options.Rewrites, options.Inside) = ([$"https://git.test/={to}"], login is null ? "none" : "git.test");
                configure?.Invoke(options);
            },
            logins: (_, _) => ValueTask.FromResult(login));
        _worlds.Add(world);
        return world;
    }

    // A tag alone, then what needs history, then what the mirror has.
    private async Task AssertIsWholeAsync(DirectWorld world)
    {
        Assert.Contains("\"v1.1.0\"", await ReadAsync(world.Modules.ArtifactAsync(new(Lib, "v1.1.0"), ArtifactKind.Info, Cancellation)), StringComparison.Ordinal);
        Assert.True(VersionQuery.TryParse(Lib, _lib.Hash(3)[..10], out var query, out _));
        Assert.Contains($"\"v1.1.1-0.{_lib.Stamp(3)}\"", await ReadAsync(world.Modules.QueryAsync(query, Cancellation)), StringComparison.Ordinal);
        Assert.Equal("v1.0.0\nv1.1.0\n", await ReadAsync(world.Modules.ListAsync(Lib, Cancellation)));
        Assert.NotEmpty(await ReadAsync(world.Modules.ArtifactAsync(new(Lib, $"v1.0.1-0.{_lib.Stamp(4)}"), ArtifactKind.Zip, Cancellation)));
    }

    private sealed class Renewed(Login? first, Login next) : ILoginSource
    {
        public List<int> Refusals { get; } = [];

        public List<Login> Accepted { get; } = [];

        public ValueTask<LoginReply> FindAsync(LoginAsk ask, CancellationToken cancel) => new(Refusals.Count > 0 ? new(next) : first is null ? LoginReply.None : new(first));

        public ValueTask<LoginReply> RefusedAsync(LoginAsk ask, Login? refused, Refusal refusal, CancellationToken cancel)
        {
            Refusals.Add(refusal.Status);
            return new(new LoginReply(next));
        }

        public Task AcceptedAsync(LoginAsk ask, Login accepted)
        {
            Accepted.Add(accepted);
            return Task.CompletedTask;
        }
    }

    private static async Task<string> ReadAsync(Task<Outcome<DirectAnswer>> asking)
    {
        var answer = await asking;
        Assert.Null(answer.Failure);
        using var reader = new StreamReader(answer.Value.Body!, Encoding.Latin1);
        return await reader.ReadToEndAsync(Cancellation);
    }
}
