using Orleans;
using Orleans.Runtime;
using ProxyCluster.Clustering;
using ProxyCluster.Routing;

namespace ProxyCluster.Silos;

/// <summary>
/// The office of the authority, as the failover grain's storage has it: the routing table, and the term of the silo that
/// may replace it.
/// <para>
/// <b>Who holds it.</b> The silo that the newest term names. The failover grain appoints the silo in which it lives where
/// no live silo holds the office. A deputy that finds the holder silent appoints itself, by a write to the grain's storage
/// and not by a call of the grain: as likely as not that lives in the very silo that is silent, and can be called again
/// only when the votes are in, 2 to 3 s later.
/// </para>
/// <para>
/// <b>One table per epoch.</b> Appointments, take-overs and publications are writes to one record, which its storage
/// refuses whoever has not read the last of them. So a holder that was frozen, replaced and thawed writes nothing any more,
/// whatever it believes, and the refusal tells it.
/// </para>
/// <para>
/// <b>Losing the storage.</b> Nothing can be published or taken over; members keep the table that they have. A failover
/// grain that is placed anew appoints its silo in words alone, so that somebody hears the reports and decides the moment
/// the storage is back. Storage in memory dies with a silo: a new term begins with the newest that anybody alive knows,
/// and what nobody alive has seen was never acted upon.
/// </para>
/// Road not taken: to have the silent silo declared dead, which Orleans lets everybody do, so that the grain moves. For a
/// pause of 1.5 s it would lose its grains and its life; so it loses the office and nothing else.
/// </summary>
internal sealed partial class OrleansAuthority : IDisposable
{
    private static readonly TimeSpan StorageLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RecallLimit = TimeSpan.FromSeconds(1);

    private readonly OrleansEngine _engine;
    private readonly SiloAddress _silo;
    private readonly ISiloPostClient _post;
    private readonly IClusterMembershipService _membership;
    private readonly ILogger _log;

    // Guards what was read, and writing.
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly StoredState<FailoverState> _state;
    private bool _isRead;

    public OrleansAuthority(
        IServiceProvider silo,
        OrleansEngine engine,
        ILocalSiloDetails details,
        IGrainFactory grains,
        ISiloPostClient post,
        IClusterMembershipService membership,
        ILogger<OrleansAuthority> log)
    {
        _engine = engine;
        _silo = details.SiloAddress;
        _post = post;
        _membership = membership;
        _log = log;
        _state = new(silo, grains.GetGrain<IFailoverGrain>(IFailoverGrain.Key).GetGrainId(), "routing", StorageLimit);
    }

    /// <summary>For the failover grain when it begins: learns what there is to know, and appoints this silo if it must.</summary>
    public async Task BeginAsync()
    {
        await _gate.WaitAsync();
        try
        {
            // What was published was written first, so a record is the newest there is.
            if (!await ReadAsync_NeedsGate() || !_state.Exists)
                await RecallAsync();
            await AppointIfVacantAsync_NeedsGate();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// For the failover grain whenever a member calls: catches up with a member that knows more, and appoints this silo if
    /// the holder has died. Returns at once while another call is at it.
    /// </summary>
    public async Task TendAsync(long term, long epoch)
    {
        var isBehind = term > (_engine.Term?.Number ?? 0) || epoch > _engine.View.Routing.Epoch;
        if ((!isBehind && IsHeldByTheLiving) || !await _gate.WaitAsync(TimeSpan.Zero))
            return;
        try
        {
            if (isBehind)
                await ReadAsync_NeedsGate();
            await AppointIfVacantAsync_NeedsGate();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>As <see cref="IEngine.TryTakeOverAsync"/>.</summary>
    public async Task<bool> TryTakeOverAsync(string from, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            // Only what is written can be taken: without a record, a write would fence nobody.
            if (!await ReadAsync_NeedsGate() || !_state.Exists || _state.Value.Member != from || from == _engine.Self!.Id)
                return false;
            var term = NextTerm();
            if (await WriteAsync_NeedsGate(term, _engine.View.Routing) != WriteResult.Written)
                return false;
            Announce(term, _engine.View.Routing);
            return true;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>As <see cref="IEngine.TryPublishAsync"/>.</summary>
    public async Task<PublishStatus> TryPublishAsync(RoutingTable next, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            // 1. What is written over must be what was decided from.
            if (!_isRead && !await ReadAsync_NeedsGate())
                return PublishStatus.Unavailable;
            if (_engine.Term is not { } term || !term.Holder.Equals(_silo))
                return PublishStatus.NotAuthority;
            if (next.Epoch != _engine.View.Routing.Epoch + 1)
                return PublishStatus.Superseded;

            // 2. The write is the decision.
            switch (await WriteAsync_NeedsGate(term, next))
            {
                case WriteResult.Conflict:
                    await ReadAsync_NeedsGate();
                    return _engine.Term is { } now && now.Holder.Equals(_silo) ? PublishStatus.Superseded : PublishStatus.NotAuthority;
                case WriteResult.Unavailable:
                    return PublishStatus.Unavailable;
            }

            // 3. News to everybody; whoever misses it hears of it with its next call of the failover grain.
            Announce(term, next);
            return PublishStatus.Published;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private bool IsHeldByTheLiving => _engine.Term is { } term && IsLive(term.Holder);

    private bool IsLive(SiloAddress silo) =>
        _membership.CurrentSnapshot.Members.TryGetValue(silo, out var member) && member.Status is SiloStatus.Joining or SiloStatus.Active;

    private async Task AppointIfVacantAsync_NeedsGate()
    {
        // A silo that is on its way out lets its successor be the next.
        while (!IsHeldByTheLiving && IsLive(_silo))
        {
            var term = NextTerm();
            if ((_isRead || await ReadAsync_NeedsGate()) && !IsHeldByTheLiving)
            {
                term = NextTerm();
                if (await WriteAsync_NeedsGate(term, _engine.View.Routing) == WriteResult.Conflict)
                    continue; // another was faster; it may be dead by now
            }

            if (!IsHeldByTheLiving)
                Announce(term, _engine.View.Routing);
        }
    }

    private Term NextTerm() =>
        new(Math.Max(_engine.Term?.Number ?? 0, _state.Value.Term) + 1, _silo, _engine.Self!.Id);

    private async Task<bool> ReadAsync_NeedsGate()
    {
        _isRead = await _state.ReadAsync() == ReadResult.Read; // what cannot be read may be newer than all we know
        if (_isRead && _state.Exists)
            _engine.Take(_state.Value.ToWord());
        return _isRead;
    }

    private async Task<WriteResult> WriteAsync_NeedsGate(Term term, RoutingTable table)
    {
        var result = await _state.TryWriteAsync(FailoverState.Of(term, table));
        _isRead = result == WriteResult.Written;
        return result;
    }

    private async Task RecallAsync()
    {
        foreach (var known in await Task.WhenAll(OtherSilos().Select(AskAsync)))
        {
            if (known is not null)
                _engine.Take(known);
        }

        async Task<RoutingWord?> AskAsync(SiloAddress silo)
        {
            try
            {
                return await _post.Of(silo).RecallAsync().WaitAsync(RecallLimit);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException or IOException)
            {
                return null; // dead or frozen, and not noticed yet
            }
        }
    }

    private void Announce(Term term, RoutingTable table)
    {
        var word = new RoutingWord(term, table.Epoch, table.Epoch > 0 ? RoutingTableJson.Write(table) : []);
        var isNew = _engine.Term != term;
        _engine.Take(word);
        if (isNew && !_engine.IsAlone)
            Log.Appointed(_log, term.Member, term.Number, table.Epoch);
        foreach (var silo in OtherSilos())
            _post.Of(silo).DeliverAsync(word).Ignore();
    }

    private IEnumerable<SiloAddress> OtherSilos() =>
        _membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status == SiloStatus.Active && !member.SiloAddress.Equals(_silo))
            .Select(static member => member.SiloAddress);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Member {Member} is the authority in term {Term}, from epoch {Epoch} on")]
        public static partial void Appointed(ILogger log, string member, long term, long epoch);
    }
}
