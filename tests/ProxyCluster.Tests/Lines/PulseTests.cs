using ProxyCluster.Clustering;
using ProxyCluster.Lines;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Lines;

public sealed class PulseTests : IDisposable
{
    private static readonly PeerOptions Options = TestLines.Options;

    private readonly TestLines _lines = new();
    private readonly ManualTimeProvider _clock;
    private readonly Pulse _pulse;

    public PulseTests() => (_clock, _pulse) = (_lines.Clock, _lines.Pulse);

    public void Dispose() => _lines.Dispose();

    [Fact]
    public void Prefer_NobodyIsBad_KeepsTheOrder() => Assert.Equal(["a", "b", "self"], Preferred());

    [Fact]
    public void Prefer_SilentPeer_ComesBehindTheOthersAndBeforeOneself()
    {
        _pulse.Silent("a");
        Assert.Equal(["b", "a", "self"], Preferred());
        Assert.False(_pulse.IsGood("a"));
        Assert.True(_pulse.IsGood("b"));
    }

    [Fact]
    public void Silent_TimeIsOverOrItAnswered_IsForgotten()
    {
        _pulse.Silent("a");
        _pulse.Silent("b");
        _pulse.Answered("b");
        Assert.Equal(["b", "a", "self"], Preferred());
        _clock.Advance(Options.IdleTimeout);
        Assert.Equal(["a", "b", "self"], Preferred());
    }

    [Fact]
    public void Prefer_DistrustedPeer_IsNotAskedForItsTime()
    {
        _pulse.Distrust("a", "wrong bytes");
        Assert.Equal(["b", "self"], Preferred());
        _clock.Advance(Options.DistrustFor - TimeSpan.FromTicks(1));
        Assert.Equal(["b", "self"], Preferred());
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(["a", "b", "self"], Preferred());
    }

    [Fact]
    public void Distrust_AnswersAndSilence_DoNotLiftIt()
    {
        _pulse.Distrust("a", "wrong bytes");
        _pulse.Answered("a");
        _pulse.Silent("a");
        Assert.Equal(["b", "self"], Preferred());
    }

    [Fact]
    public void Distrust_EveryPeer_LeavesOneself()
    {
        _pulse.Distrust("a", "wrong bytes");
        _pulse.Distrust("b", "wrong bytes");
        Assert.Equal(["self"], Preferred());
    }

    [Fact]
    public void Silent_SaidAgain_DoesNotCountAnew()
    {
        _pulse.Silent("a");
        _clock.Advance(Options.IdleTimeout - TimeSpan.FromTicks(1));
        _pulse.Silent("a");
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(_pulse.IsGood("a"));
    }

    [Fact]
    public void Silent_DuringDistrust_SaysNothingAfterIt()
    {
        _pulse.Distrust("a", "wrong bytes");
        _clock.Advance(Options.DistrustFor - TimeSpan.FromTicks(1));
        _pulse.Silent("a");
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(_pulse.IsGood("a"));
    }

    [Fact]
    public void Since_SignsOfOnePeer_SayNothingOfAnother()
    {
        Assert.Equal(TimeSpan.MaxValue, _pulse.Since("a"));
        _pulse.Heard("a");
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(3), _pulse.Since("a"));
        Assert.Equal(TimeSpan.MaxValue, _pulse.Since("b"));
        _pulse.Answered("a");
        Assert.Equal(TimeSpan.Zero, _pulse.Since("a"));
        _pulse.Silent("b");
        Assert.Equal(TimeSpan.MaxValue, _pulse.Since("b"));
    }

    // Seconds since the call's own last sign, and since the peer was heard anywhere; forbearance is ten.
    [Theory]
    [InlineData("a", 4, null, 4)]
    [InlineData("a", 4, 1, 1)]
    [InlineData("a", 4, 6, 4)]
    [InlineData("a", 9, 1, 1)]
    [InlineData("a", 10, 1, 10)]
    [InlineData("b", 4, 1, 4)]
    [InlineData(null, 4, 1, 4)]
    public void SilenceOf_OwnSignAndSignsElsewhere_TheYoungestCountsUntilForbearanceEnds(string? peer, int own, int? elsewhere, int silence)
    {
        var start = _clock.GetTimestamp();
        for (var second = 0; second < 10; second++)
        {
            if (10 - second == elsewhere)
                _pulse.Heard("a");
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        var lastSign = start + TimeSpan.FromSeconds(10 - own).Ticks;
        Assert.Equal(
            TimeSpan.FromSeconds(silence),
            _pulse.SilenceOf(peer is null ? null : TestLines.Peer(peer), lastSign, TimeSpan.FromSeconds(10)));
    }

    private IEnumerable<string> Preferred() =>
        _pulse.Prefer([Step("a"), Step("b"), new AskStep(null, AskLevel.Home)]).Select(static step => step.Peer?.Id ?? "self");

    private static AskStep Step(string id) => new(TestLines.Peer(id), AskLevel.Home);
}
