using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using ProxyCluster.Clustering;
using ProxyCluster.Routing;
using ProxyCluster.Silos;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Clustering;
using ProxyCluster.Tests.Failover;

namespace ProxyCluster.Tests.Silos;

/// <summary>Activations of the failover grain that overlap, on a storage that a test takes away, empties or lets answer late.</summary>
public sealed class FailoverOfficeTests : IAsyncDisposable
{
    private readonly ScriptedStorage _storage = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly List<Silo> _silos = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Publish_ByTheOneThatBeganFirst_RefusedThoughTheOtherHasPublishedNothing()
    {
        var (old, next) = (await BeginAsync("a"), await BeginAsync("b"));

        Assert.Equal(PublishStatus.NotAuthority, await old.PublishAsync(1));
        Assert.Equal((true, false), (old.Office.IsLost, old.Office.IsHeld));
        Assert.Equal(PublishStatus.Published, await next.PublishAsync(1));
        Assert.True(next.Office.IsHeld);
    }

    [Fact]
    public async Task Publish_ByAFrozenOneInFlightWhileAnotherBegins_IsRefusedWhenItArrives()
    {
        var old = await BeginAsync("a");
        await old.PublishAsync(1);
        var hold = _storage.HoldNextWrite();
        var stale = old.PublishAsync(2, "of the old one");

        var next = await BeginAsync("b");
        Assert.Equal(PublishStatus.Published, await next.PublishAsync(2, "of the new one"));
        hold.SetResult();

        Assert.Equal(PublishStatus.NotAuthority, await stale);
        Assert.Equal("of the new one", _storage.Table!.Regions[0].Reason);
        Assert.Equal("of the new one", old.View.Routing.Regions[0].Reason);
    }

    [Fact]
    public async Task Begin_WhileAnotherPublishes_KnowsWhatThatPublished()
    {
        var old = await BeginAsync("a");
        var hold = _storage.HoldNextWrite();
        var beginning = BeginAsync("b");
        await old.PublishAsync(1);
        hold.SetResult();

        var next = await beginning;
        Assert.Equal(1, next.View.Routing.Epoch);
        Assert.Equal(PublishStatus.Superseded, await next.PublishAsync(1));
        Assert.Equal(PublishStatus.Published, await next.PublishAsync(2));
    }

    [Fact]
    public async Task Publish_StorageAway_NothingUntilItIsBackAndThenByTheSameOne()
    {
        var office = await BeginAsync("a");
        _storage.IsAway = true;
        Assert.Equal(PublishStatus.Unavailable, await office.PublishAsync(1));
        Assert.Equal((true, 0), (office.Office.IsHeld, office.View.Routing.Epoch));

        _storage.IsAway = false;
        Assert.Equal(PublishStatus.Published, await office.PublishAsync(1));
    }

    [Fact]
    public async Task Publish_AnswerLost_TheTableThatArrivedStandsAndTheOfficeIsKept()
    {
        var office = await BeginAsync("a");
        _storage.LosesNextAnswer = true;
        Assert.Equal(PublishStatus.Unavailable, await office.PublishAsync(1));

        Assert.Equal(PublishStatus.Superseded, await office.PublishAsync(1));
        Assert.Equal((true, 1), (office.Office.IsHeld, office.View.Routing.Epoch));
        Assert.Equal(PublishStatus.Published, await office.PublishAsync(2));
    }

    [Fact]
    public async Task Begin_StorageAway_DecidesAndTakesTheOfficeOverWhenItIsBack()
    {
        var old = await BeginAsync("a");
        await old.PublishAsync(1);
        _storage.IsAway = true;
        var next = await BeginAsync("b");
        Assert.True(next.Office.IsHeld);
        Assert.Equal(PublishStatus.Unavailable, await next.PublishAsync(1));

        _storage.IsAway = false;
        Assert.Equal(PublishStatus.Superseded, await next.PublishAsync(1));
        Assert.Equal(PublishStatus.Published, await next.PublishAsync(2));
        Assert.Equal(PublishStatus.NotAuthority, await old.PublishAsync(2));
    }

    [Fact]
    public async Task Begin_RecordLostAndAMemberKnowsMore_WaitsForEverybodyAndForItsTable()
    {
        var next = await BeginAsync("b", "b", "c", "d");
        next.Feed.Take(EngineConformance.Table(3, "a"));
        Assert.False(next.Office.IsHeld);

        await next.HearAsync("b", 3);
        await next.HearAsync("c", 7); // its table comes with its next report
        await next.HearAsync("d", 3);
        Assert.False(next.Office.IsHeld);

        await next.HearAsync("c", 7, EngineConformance.Table(7, "a"));
        Assert.Equal((true, 7), (next.Office.IsHeld, next.View.Routing.Epoch));
        Assert.Equal(7, _storage.Table!.Epoch);
        Assert.Equal(PublishStatus.Published, await next.PublishAsync(8));
    }

    [Fact]
    public async Task Begin_RecordLostAndAMemberSilent_WaitsForItsTimeOnly()
    {
        var next = await BeginAsync("b", "b", "c");
        await next.HearAsync("b", 0);
        Assert.False(next.Office.IsHeld);

        _clock.Advance(FailoverOffice.Patience);
        await next.HearAsync("b", 0);
        Assert.True(next.Office.IsHeld);
    }

    [Fact]
    public async Task Publish_RecordLostInOffice_WritesItAnew()
    {
        var office = await BeginAsync("a");
        await office.PublishAsync(1);
        _storage.Forget();

        Assert.Equal(PublishStatus.Published, await office.PublishAsync(2));
        Assert.Equal(2, _storage.Table!.Epoch);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos)
        {
            silo.Office.Dispose();
            await silo.Feed.DisposeAsync();
        }
    }

    private async Task<Silo> BeginAsync(string id, params string[] live)
    {
        var feed = new ViewFeed(NullLogger.Instance);
        feed.Swap(view => view with { Members = [.. live.Select(static member => EngineSite.MemberOf(member))] });
        var services = new ServiceCollection().AddKeyedSingleton<IGrainStorage>(StoredState.Provider, _storage).BuildServiceProvider();
        var state = new StoredState<FailoverState>(services, GrainId.Create("failover", "failover"), "routing", Timeout.InfiniteTimeSpan);
        var silo = new Silo(feed, new FailoverOffice(feed, id, state, _clock, NullLogger.Instance), id);
        _silos.Add(silo);
        await silo.Office.BeginAsync();
        return silo;
    }

    private sealed record Silo(ViewFeed Feed, FailoverOffice Office, string Id)
    {
        public ClusterView View => Feed.View;

        public Task<PublishStatus> PublishAsync(long epoch, string reason = "a test") =>
            Office.TryPublishAsync(EngineConformance.Table(epoch, Id, reason), Cancel);

        public Task HearAsync(string id, long epoch, RoutingTable? table = null)
        {
            Office.Note(AuthoritySite.ReportOf(id, "tokyo", 1) with { Epoch = epoch }, table is null ? [] : RoutingTableJson.Write(table));
            return Office.ClaimIfCompleteAsync();
        }
    }

    /// <summary>One record with a tag.</summary>
    private sealed class ScriptedStorage : IGrainStorage
    {
        private FailoverState? _record;
        private int _tag;
        private TaskCompletionSource? _hold;

        public bool IsAway { get; set; }

        public bool LosesNextAnswer { get; set; }

        public RoutingTable? Table => _record is null ? null : RoutingTableJson.ReadOrNull(_record.Table);

        /// <summary>The next write waits on its way.</summary>
        public TaskCompletionSource HoldNextWrite() => _hold = new TaskCompletionSource();

        public void Forget() => _record = null;

        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            if (IsAway)
                throw new IOException("away");
            (grainState.RecordExists, grainState.ETag) = (_record is not null, _record is null ? null! : Tag);
            grainState.State = (T)(object)(_record ?? new FailoverState());
            return Task.CompletedTask;
        }

        public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            if (Interlocked.Exchange(ref _hold, null) is { } hold)
                await hold.Task;
            if (IsAway)
                throw new IOException("away");
            if (grainState.ETag != (_record is null ? null : Tag))
                throw new InconsistentStateException("somebody was first", Tag, grainState.ETag ?? "none");
            _record = (FailoverState)(object)grainState.State!;
            _tag++;
            (grainState.RecordExists, grainState.ETag) = (true, Tag);
            if (LosesNextAnswer)
            {
                LosesNextAnswer = false;
                throw new IOException("the answer was lost");
            }
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => throw new NotSupportedException();

        private string Tag => _tag.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
