using System.Text.Json;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Etcd;
using ProxyCluster.Failover;
using ProxyCluster.Orleans.Engine;
using ProxyCluster.Orleans.Placement;
using ProxyCluster.Routing;

namespace ProxyCluster.Orleans.Grains;

/// <summary>
/// Holds the routing table; the member in which it lives is the authority and decides (<see cref="IEngine.IsAuthority"/>).
/// <para>
/// <b>One table per epoch.</b> A publication is a write to the grain's storage, which refuses whoever has not read the
/// last one. So of two activations, one of them frozen and thawed, only one can write, whatever both believe.
/// </para>
/// <para>
/// <b>Losing the silo that hosts it.</b> Members call it once a heartbeat; the first call after the silo's death places it
/// anew. It begins with the newest of what its storage holds and what any live silo knows, because storage in memory
/// dies with a silo. What nobody alive has seen was never acted upon.
/// </para>
/// <para>
/// <b>Losing its storage.</b> Nothing can be published; members keep the table that they have and serve.
/// </para>
/// </summary>
[RendezvousPlacement]
[UsableSilosFilter(order: 0)]
[KeepAlive]
internal sealed partial class FailoverGrain : Grain, IFailoverGrain
{
    private static readonly TimeSpan StorageLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RecallLimit = TimeSpan.FromSeconds(1);

    private readonly OrleansEngine _engine;
    private readonly Rooms _rooms;
    private readonly ISiloPostClient _post;
    private readonly IClusterMembershipService _membership;
    private readonly ILogger _log;
    private readonly StoredState<FailoverState> _state;
    private RoutingTable _table = RoutingTable.Empty;
    private bool _isRead;

    public FailoverGrain(
        IGrainContext context,
        IServiceProvider services,
        OrleansEngine engine,
        Rooms rooms,
        ISiloPostClient post,
        IClusterMembershipService membership,
        ILogger<FailoverGrain> log)
    {
        _engine = engine;
        _rooms = rooms;
        _post = post;
        _membership = membership;
        _log = log;
        _state = new(services, context.GrainId, "routing", StorageLimit);
    }

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await ReadAsync();
        var silos = OtherSilos();
        Adopt(_engine.View.Routing);
        foreach (var known in await Task.WhenAll(silos.Select(RecallAsync)))
        {
            if (known is not null)
                Adopt(known);
        }

        _engine.TakeOffice(this);
        Log.Began(_log, _engine.Self!.Id, _table.Epoch);
        Push([]);
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _engine.LeaveOffice(this);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<RoutingWord> AttendAsync(long epoch) => Task.FromResult(Word(epoch));

    /// <inheritdoc/>
    public async Task<PublishWord> PublishAsync(string member, byte[] table)
    {
        if (member != _engine.Self?.Id)
            return Answer(PublishStatus.NotAuthority);
        if (EtcdValues.RoutingOrNull(table) is not { } next || next.Epoch != _table.Epoch + 1)
            return Answer(PublishStatus.Superseded);

        // 1. What is written over must be what was decided from.
        if (!_isRead && !await ReadAsync())
            return Answer(PublishStatus.Unavailable);
        if (next.Epoch != _table.Epoch + 1)
            return Answer(PublishStatus.Superseded);

        // 2. The write is the decision.
        switch (await _state.TryWriteAsync(new FailoverState { Table = table }))
        {
            case WriteResult.Conflict:
                // Another activation has written: it is the one that the others know.
                _isRead = false;
                await ReadAsync();
                DeactivateOnIdle();
                return Answer(PublishStatus.Superseded);
            case WriteResult.Unavailable:
                _isRead = false;
                return Answer(PublishStatus.Unavailable);
        }

        // 3. News to everybody; whoever misses it hears of it with its next call.
        _table = next;
        Push(table);
        return Answer(PublishStatus.Published);
    }

    /// <inheritdoc/>
    public Task HearAsync(IReadOnlyList<byte[]> reports)
    {
        foreach (var report in reports)
        {
            if (JsonSerializer.Deserialize(report, FailoverJson.Default.HealthReport) is { } read)
                _rooms.Get<FailoverAuthority>().Accept(read);
        }

        return Task.CompletedTask;
    }

    private async Task<bool> ReadAsync()
    {
        _isRead = await _state.TryReadAsync();
        if (_isRead && EtcdValues.RoutingOrNull(_state.Value.Table) is { } stored)
            Adopt(stored);
        return _isRead;
    }

    private void Adopt(RoutingTable known)
    {
        if (known.Epoch > _table.Epoch)
            _table = known;
    }

    private RoutingWord Word(long epoch) => new(
        _engine.Self!.Id, _table.Epoch, _table.Epoch > epoch ? EtcdValues.FromRouting(_table) : []);

    private PublishWord Answer(PublishStatus status) => new(status, _table.Epoch > 0 ? EtcdValues.FromRouting(_table) : []);

    private List<SiloAddress> OtherSilos() =>
    [
        .. _membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status == SiloStatus.Active && member.SiloAddress != _engine.Silo)
            .Select(static member => member.SiloAddress),
    ];

    private async Task<RoutingTable?> RecallAsync(SiloAddress silo)
    {
        try
        {
            return EtcdValues.RoutingOrNull(await _post.Of(silo).RecallAsync().WaitAsync(RecallLimit));
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or IOException)
        {
            return null; // dead or frozen, and not noticed yet
        }
    }

    private void Push(byte[] table)
    {
        var word = table.Length > 0 ? new RoutingWord(_engine.Self!.Id, _table.Epoch, table) : Word(0);
        _engine.Take(word);
        foreach (var silo in OtherSilos())
            _post.Of(silo).DeliverAsync(word).Ignore();
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Failover grain began in {Member} with epoch {Epoch}")]
        public static partial void Began(ILogger log, string member, long epoch);
    }
}

/// <summary>The routing table in storage.</summary>
[GenerateSerializer]
internal sealed class FailoverState
{
    /// <summary>As JSON, in the form that all engines share.</summary>
    [Id(0)]
    public byte[] Table { get; set; } = [];
}
