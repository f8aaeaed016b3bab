using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Repositories;

/// <summary>Which hosts are left alone, and for how long.</summary>
public sealed class QuietHostsTests
{
    private static readonly Failure Away = new(FailureKind.UpstreamUnavailable, "away");
    private static readonly Failure Silent = new(FailureKind.UpstreamTimeout, "silent");

    private readonly DirectOptions _options = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly QuietHosts _hosts;

    public QuietHostsTests() => _hosts = new(_options, _clock);

    [Fact]
    public void Host_ThatCouldNotBeReached_IsAskedAgainSoon()
    {
        _hosts.WasUnreachable("a", Away);

        Assert.Equal(Away, _hosts.FindOrNull("a"));
        Assert.Null(_hosts.FindOrNull("b"));
        _clock.Advance(_options.FreshFor);
        Assert.Null(_hosts.FindOrNull("a"));
    }

    [Fact]
    public void Host_ThatWasSilent_IsLeftAloneForAsLongAsThatTook()
    {
        _hosts.WasSilent("a", Silent);

        _clock.Advance(_options.AskTimeout - TimeSpan.FromSeconds(1));
        Assert.Equal(Silent, _hosts.FindOrNull("a"));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(_hosts.FindOrNull("a"));
    }

    [Fact]
    public void Host_ThatAnswersOthers_IsNotSilent()
    {
        _hosts.Answered("a");
        _hosts.WasSilent("a", Silent);

        Assert.Null(_hosts.FindOrNull("a"));
    }
}
