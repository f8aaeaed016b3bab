using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.Clustering;
using ProxyCluster.Lines;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Lines;

public sealed class PeerStandingTests : IDisposable
{
    private static readonly PeerOptions Options = new();

    private readonly ManualTimeProvider _clock = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly PeerStanding _standing;

    public PeerStandingTests() => _standing = new PeerStanding(
        Microsoft.Extensions.Options.Options.Create(Options),
        new ProxyMetrics(_services.GetRequiredService<IMeterFactory>()),
        _clock,
        NullLogger<PeerStanding>.Instance);

    public void Dispose() => _services.Dispose();

    [Fact]
    public void Prefer_NobodyIsBad_KeepsTheOrder() => Assert.Equal(["a", "b", "self"], Preferred());

    [Fact]
    public void Prefer_SilentPeer_ComesBehindTheOthersAndBeforeOneself()
    {
        _standing.Silent("a");
        Assert.Equal(["b", "a", "self"], Preferred());
        Assert.False(_standing.IsGood("a"));
        Assert.True(_standing.IsGood("b"));
    }

    [Fact]
    public void Silent_TimeIsOverOrItAnswered_IsForgotten()
    {
        _standing.Silent("a");
        _standing.Silent("b");
        _standing.Answered("b");
        Assert.Equal(["b", "a", "self"], Preferred());
        _clock.Advance(Options.IdleTimeout);
        Assert.Equal(["a", "b", "self"], Preferred());
    }

    [Fact]
    public void Prefer_DistrustedPeer_IsNotAskedForItsTime()
    {
        _standing.Distrust("a", "wrong bytes");
        Assert.Equal(["b", "self"], Preferred());
        _clock.Advance(Options.DistrustFor - TimeSpan.FromTicks(1));
        Assert.Equal(["b", "self"], Preferred());
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(["a", "b", "self"], Preferred());
    }

    [Fact]
    public void Distrust_AnswersAndSilence_DoNotLiftIt()
    {
        _standing.Distrust("a", "wrong bytes");
        _standing.Answered("a");
        _standing.Silent("a");
        Assert.Equal(["b", "self"], Preferred());
    }

    [Fact]
    public void Distrust_EveryPeer_LeavesOneself()
    {
        _standing.Distrust("a", "wrong bytes");
        _standing.Distrust("b", "wrong bytes");
        Assert.Equal(["self"], Preferred());
    }

    private IEnumerable<string> Preferred() =>
        _standing.Prefer([Step("a"), Step("b"), new AskStep(null, AskLevel.Home)]).Select(static step => step.Peer?.Id ?? "self");

    private static AskStep Step(string id) =>
        new(new Member(id, "tokyo", new Uri("http://127.0.0.1:1"), Role.Silo, ""), AskLevel.Home);
}
