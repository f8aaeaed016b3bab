using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Audit;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Agreed;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Seals;
using ProxyCluster.Tests.Audit;
using ProxyCluster.Tests.Clustering.Agreed;

namespace ProxyCluster.Tests.Seals;

/// <summary>When a member's log is sealed, and when it is not.</summary>
public sealed class SealClockTests : IAsyncLifetime
{
    private readonly AuditSite _site = new();
    private readonly LocalCluster _cluster = new();
    private readonly SealBook _book;
    private readonly AgreedSite _agreed;
    private readonly SealClock _seals;

    public SealClockTests()
    {
        _book = new SealBook(_site.Log);
        _agreed = new AgreedSite(_cluster, _site.Clock, new AgreedReader(SealBook.Name, _book.TakeOrFault));
        var self = new ClusterSelf(new LocalEngine(_cluster, _site.Clock, NullLogger<LocalEngine>.Instance), Options.Create(new ClusteringOptions()));
        _seals = new SealClock(_site.Log, _agreed.Documents, self, Options.Create(_site.Options), _site.Clock, NullLogger<SealClock>.Instance);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _site.StartAsync();
        await _site.WriteAsync(5);
    }

    public async ValueTask DisposeAsync()
    {
        await _seals.StopAsync(CancellationToken.None);
        _seals.Dispose();
        _agreed.Dispose();
        await _site.DisposeAsync();
    }

    [Fact]
    public async Task Log_IsSealedSoonAfterTheStart_AndThenEachTime()
    {
        var due = _site.Clock.TimerDueIn(TimeSpan.FromSeconds(10));
        await _seals.StartAsync(Cancel);
        await due.WaitAsync(Cancel);
        var next = _site.Clock.TimerDueIn(_site.Options.SealEvery);
        _site.Clock.Advance(TimeSpan.FromSeconds(10));
        await next.WaitAsync(Cancel);
        var first = _book.Current.OfOrNull(_site.Log.Place.Log)!.Sequence;

        await _site.WriteAsync(3);
        next = _site.Clock.TimerDueIn(_site.Options.SealEvery);
        _site.Clock.Advance(_site.Options.SealEvery);
        await next.WaitAsync(Cancel);

        Assert.True(_book.Current.OfOrNull(_site.Log.Place.Log)!.Sequence > first);
    }

    // Its own memory of the seals is gone, and what the others know it hears only when it asks them.
    [Fact]
    public async Task Log_ThatIsNotWhatOthersKnow_IsSaidAndNotSealed()
    {
        var place = _site.Log.Place;
        var sealedOnce = SealSet.Empty.With(new(place.Log, 3, new string('a', AuditChain.HashLength), "tokyo-1", "tokyo", _site.Clock.GetUtcNow()), 1);
        using (var other = new AgreedSite(_cluster, _site.Clock, new AgreedReader(SealBook.Name, static _ => null)))
            Assert.Null((await other.Documents.ChangeAsync(SealBook.Name, _ => sealedOnce.Write(), Cancel)).Failure);

        var due = _site.Clock.TimerDueIn(TimeSpan.FromSeconds(10));
        await _seals.StartAsync(Cancel);
        await due.WaitAsync(Cancel);
        _site.Clock.Advance(TimeSpan.FromSeconds(10));
        await _seals.ExecuteTask!.WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        await _site.SettledAsync();

        Assert.Equal("audit-log", Assert.Single(_site.Lines("integrity")).Check);
        Assert.Equal(sealedOnce.Hash(), _book.Current.Hash());
    }
}
