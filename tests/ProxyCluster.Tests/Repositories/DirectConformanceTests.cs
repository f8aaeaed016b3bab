using System.Net;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Repositories;

/// <summary>
/// The same repositories, asked by go 1.27 and by us: on this disk, and as a proxy over https and ssh from real servers, for
/// everybody and with a login. That go's answers are the same by every transport is shown of a part of them that changes by the day.
/// </summary>
[Trait("Needs", "newer-go")]
public sealed class DirectConformanceTests(ConformanceFixture fixture) : IClassFixture<ConformanceFixture>
{
    private const string GitServersNeed = "git-servers";
    private const int Parts = 12;

    private static readonly string Ours = string.Join(',', (ReadOnlySpan<string?>)[.. DirectWorld.Hosts, "vanity.test", "gopkg.in"]);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Repositories_OnThisDisk_AreTheSame() => AssertNone(await new DirectConformance(fixture.Go, new RoomAnswers(fixture.World.Modules), atOnce: 16).CompareAsync());

    [Fact]
    [Trait("Needs", GitServersNeed)]
    public async Task Repositories_OverHttps_AreTheSame()
    {
        var servers = await fixture.Servers;
        await AssertAreTheSameAsync(servers, servers.ForEverybody, [], null, []);
    }

    [Fact]
    [Trait("Needs", GitServersNeed)]
    public async Task Repositories_OverHttpsWithALogin_AreTheSame()
    {
        var servers = await fixture.Servers;
        await AssertAreTheSameAsync(
            servers, servers.ForTheBot, [("Credentials:Rules:0:Match", string.Join(',', DirectWorld.Hosts)), ("Credentials:Rules:0:NetrcFile", servers.NetrcFile)],
            null, new() { ["NETRC"] = servers.NetrcFile });
    }

    [Fact]
    [Trait("Needs", GitServersNeed)]
    public async Task Repositories_OverSshWithAKey_AreTheSame()
    {
        var servers = await fixture.Servers;
        await AssertAreTheSameAsync(
            servers, servers.ForEverybody,
            [
                ("Direct:KnownHosts", servers.KnownHosts), ("Credentials:Rules:0:Match", "127.0.0.1"), ("Credentials:Rules:0:SshKeyFile", servers.SshKey),
                .. DirectWorld.Hosts.Select((host, i) => ($"Direct:Rewrites:{i}", $"https://{host}/={servers.SshUrlOf(host)}")),
            ],
            servers.SshUrlOf,
            new() { ["GIT_SSH_COMMAND"] = $"ssh -F /dev/null -i {servers.SshKey} -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile={servers.KnownHosts}" });
    }

    [Fact]
    [Trait("Needs", GitServersNeed)]
    public async Task Repositories_ThatWantALoginThatWeHaveNot_AreRefusedWithTheCause()
    {
        var servers = await fixture.Servers;
        using var scratch = new ScratchDirectory();
        await using var proxy = await StartAsync(
            scratch, servers, servers.ForTheBot,
            [
                ("Direct:KnownHosts", servers.KnownHosts), ("Direct:Rewrites:0", $"https://bitbucket.org/={servers.SshUrlOf("bitbucket.org")}"),
                ("Direct:Rewrites:1", $"https://git.test/={servers.SshUrlOf("git.test").Replace("127.0.0.1", "localhost", StringComparison.Ordinal)}"),
            ]);

        foreach (var (path, cause) in ((string, string)[])
            [("github.com/t/tags", "terminal prompts disabled"), ("bitbucket.org/t/known", "Permission denied (publickey)"), ("vanity.test/plain", "Host key verification failed")])
        {
            using var answer = await proxy.Http.GetAsync(new Uri($"{path}/@v/list", UriKind.Relative), Cancellation);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains(cause, await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }
    }

    private static async Task<ProxyProcess> StartAsync(ScratchDirectory scratch, GitServers servers, ConnectProxy way, (string Key, string Value)[] settings) => await ProxyProcess.StartAsync(
        new(scratch["data"], "direct", "off")
        {
            NoChecksumDatabase = Ours,
            MoreArguments = ["--engine", "local", "--set", "Direct:FreshFor=00:05:00", .. settings.SelectMany(static one => new[] { "--set", $"{one.Key}={one.Value}" })],
            Environment = new Dictionary<string, string> { ["HTTPS_PROXY"] = way.Url, ["SSL_CERT_FILE"] = servers.CaFile },
        });

    private static void AssertNone(IReadOnlyList<string> differences) => Assert.True(differences.Count == 0, $"{differences.Count} differ:\n{string.Join('\n', differences)}");

    private async Task AssertAreTheSameAsync(
        GitServers servers, ConnectProxy way, (string Key, string Value)[] settings, Func<string, string>? insteadOf, Dictionary<string, string> environment)
    {
        // 1. Go, asking a part of them in the same way.
        var part = fixture.Cases.Index().Where(static one => one.Index % Parts == TimeProvider.System.GetUtcNow().DayOfYear % Parts).Select(static one => one.Item).ToList();
        (environment["HTTPS_PROXY"], environment["SSL_CERT_FILE"], environment["GIT_SSL_CAINFO"]) = (way.Url, servers.CaFile, servers.CaFile);
        using var go = ConformanceFixture.NewGo(insteadOf, environment);
        if (environment.TryGetValue("NETRC", out var netrc))
            File.Copy(netrc, Path.Combine(go.Home, ".netrc")); // git reads it nowhere else
        Assert.Equal(fixture.Go.About(part).Words(), (await GoAnswers.AskAsync(go, part)).Words());

        // 2. We, asking all of them.
        using var scratch = new ScratchDirectory();
        await using var proxy = await StartAsync(scratch, servers, way, settings);
        AssertNone(await new DirectConformance(fixture.Go, new ProxyAnswers(proxy.Http), atOnce: 3).CompareAsync());
    }
}
