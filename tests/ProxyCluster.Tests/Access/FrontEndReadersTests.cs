using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Lines;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Lines;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Access;

/// <summary>Who gets what through a front end, which has a memory of its own and says to silos who asks.</summary>
public sealed class FrontEndReadersTests : IDisposable
{
    private static readonly string Path = ClosedSilo.Private.Stem + ".mod";

    private readonly ScratchDirectory _scratch = new();
    private readonly LocalCluster _cluster = new();
    private readonly ManualTimeProvider _clock = new(TimeProvider.System.GetUtcNow());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Private_PassedOn_IsForItsReadersAloneHoweverOften()
    {
        await using var silo = await SiloAsync(ClosedSilo.Settings(_scratch));
        await using var front = await FrontAsync(ClosedSilo.Settings(_scratch));
        foreach (var path in ClosedSilo.PrivatePaths.Concat(ClosedSilo.PrivatePaths))
        {
            var (direct, passedOn) = (await silo.GetAsync(path, ClosedSilo.Alice), await front.GetAsync(path, ClosedSilo.Alice));
            Assert.Equal((path, direct.Status, direct.Text), (path, passedOn.Status, passedOn.Text));
            Assert.DoesNotContain("public", direct.Status == 200 ? passedOn["Cache-Control"]! : "", StringComparison.Ordinal);
            foreach (var method in (string[])["GET", "HEAD"])
            {
                foreach (var prefix in (string[])["", "/cached-only", "/ns/shop"])
                {
                    Assert.Equal((path, 404), (path, (await front.AskAsync(method, prefix + path, ClosedSilo.Bob)).Status));
                    Assert.Equal((path, 401), (path, (await front.AskAsync(method, prefix + path, "Range: bytes=0-9")).Status));
                    Assert.Equal((path, 401), (path, (await front.AskAsync(method, prefix + path, ClosedSilo.Wrong)).Status));
                }
            }
        }
    }

    [Fact]
    public async Task Open_PassedOn_IsRememberedInEveryNamespace()
    {
        await using var silo = await SiloAsync(ClosedSilo.Settings(_scratch));
        await using var front = await FrontAsync(ClosedSilo.Settings(_scratch));
        var path = ClosedSilo.Open.Stem + ".mod";
        Assert.Equal(200, (await front.GetAsync("/ns/shop" + path)).Status);
        Assert.NotNull(Remembered(front, path));
        await silo.StopAsync();
        foreach (var headers in (string[][])[[], [ClosedSilo.Bob]])
        {
            Assert.Equal(ClosedSilo.Open.GoMod, (await front.GetAsync(path, headers)).Body);
            Assert.Equal(ClosedSilo.Open.GoMod, (await front.GetAsync("/ns/shop" + path, headers)).Body);
        }

        Assert.Equal(401, (await front.GetAsync(path, ClosedSilo.Wrong)).Status);
        await silo.StartAgainAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("/go/proxy")]
    public async Task Namespace_OfAPassedOnAsk_IsTheClients(string basePath)
    {
        await using var silo = await SiloAsync(ClosedSilo.Settings(_scratch, ("Http:BasePath", basePath)));
        await using var front = await FrontAsync(ClosedSilo.Settings(_scratch, ("Http:BasePath", basePath)));
        var path = ClosedSilo.OfShop.Stem + ".mod";
        foreach (var prefix in (string[])["/ns/shop", "/ns/shop", "/ns/shop/cached-only"])
        {
            var answer = await front.GetAsync(basePath + prefix + path);
            Assert.Equal((200, "private, max-age=31536000, immutable"), (answer.Status, answer["Cache-Control"]));
            Assert.Null(Remembered(front, path));
            Assert.Equal(401, (await front.GetAsync(basePath + path)).Status);
            Assert.Equal(404, (await front.GetAsync(basePath + path, ClosedSilo.Alice)).Status);
            Assert.Equal(404, (await front.GetAsync(basePath + "/ns/other" + path, ClosedSilo.Alice)).Status);
        }
    }

    /// <summary>The rules of one of the two are older than those of the other, as while settings are rolled out.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Private_ByTheRulesOfOneOnly_IsNotRememberedForOthers(bool bySilo)
    {
        (string, string)[] logins = [.. ClosedSilo.Settings(_scratch).Where(static setting => !setting.Key.Contains("Rules", StringComparison.Ordinal))];
        await using var silo = await SiloAsync(bySilo ? ClosedSilo.Settings(_scratch) : logins);
        await using var front = await FrontAsync(bySilo ? logins : ClosedSilo.Settings(_scratch));
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var answer = await front.GetAsync(Path, ClosedSilo.Alice);
            Assert.Equal((200, "private, max-age=31536000, immutable"), (answer.Status, answer["Cache-Control"]));
            Assert.Null(Remembered(front, Path));
            Assert.Equal(404, (await front.GetAsync(Path, ClosedSilo.Bob)).Status);
            Assert.Equal(401, (await front.GetAsync(Path)).Status);
        }
    }

    [Fact]
    public async Task Remembered_ThatASiloGivesNotToEverybodyAnyMore_IsGoneWhenItIsAskedAgain()
    {
        (string, string)[] logins = [.. ClosedSilo.Settings(_scratch).Where(static setting => !setting.Key.Contains("Rules", StringComparison.Ordinal))];
        await using var silo = await SiloAsync(logins);
        await using var front = await FrontAsync(logins);
        Assert.Equal(200, (await front.GetAsync(Path)).Status);
        Assert.NotNull(Remembered(front, Path));

        await silo.StopAsync();
        silo.Configure(ClosedSilo.Rules);
        await silo.StartAgainAsync();
        _clock.Advance(TimeSpan.FromSeconds(10));

        // Whoever may read it is the one for whom the silo is asked.
        Assert.Equal(200, (await front.GetAsync(Path, ClosedSilo.Alice)).Status);
        Assert.Null(Remembered(front, Path));
        Assert.Equal(401, (await front.GetAsync(Path)).Status);
    }

    [Fact]
    public async Task Ask_ThatGoesToOneSiloAfterTheOther_SaysWhoAsksToEach()
    {
        await using var silo = await SiloAsync(ClosedSilo.Settings(_scratch));
        await using var silent = await ScriptedPeer.JoinAsync(_cluster, "tokyo", static (context, _) => ScriptedPeer.SilenceAsync(context), Cancel);
        await using var dead = await ScriptedPeer.JoinAsync(_cluster, "tokyo", static (context, _) =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        }, Cancel);
        await using var front = await FrontAsync(ClosedSilo.Settings(_scratch, ("Peers:HedgeDelay", "50ms")));
        for (var i = 0; i < 20; i++)
        {
            var path = $"/git.test/pay/!core/@v/v1.2.0.mod?{i}";
            var asking = front.GetAsync(path, ClosedSilo.Alice);
            while (!asking.IsCompleted)
            {
                _clock.Advance(TimeSpan.FromMilliseconds(10));
                await Task.Yield();
            }

            Assert.Equal(200, (await asking).Status);
            Assert.Equal(404, (await front.GetAsync(path, ClosedSilo.Bob)).Status);
        }

        // The silo that answers asks owners for itself.
        var passedOn = silent.Asked.Concat(dead.Asked).Where(PeerTarget.IsForward).ToList();
        Assert.NotEmpty(passedOn);
        Assert.All(passedOn, static target => Assert.Contains("/forward/1/127.0.0.1;", target, StringComparison.Ordinal));
    }

    private static HotArtifact? Remembered(TestSilo front, string path) => front.Services.GetRequiredService<HotCache>().FindOrNull(path.AsSpan(1));

    private async Task<TestSilo> SiloAsync((string Key, string Value)[] settings)
    {
        var silo = await TestSilo.StartAsync(services => services.AddSingleton(_cluster), [.. settings, ("Cluster:Engine", "local")]);
        ClosedSilo.Fill(silo);
        return silo;
    }

    private Task<TestSilo> FrontAsync((string Key, string Value)[] settings) => TestSilo.StartAsync(
        services => services.AddSingleton(_cluster).AddSingleton<TimeProvider>(_clock),
        [.. settings, ("Cluster:Engine", "local"), ("Cluster:Role", "FrontEnd")]);
}
