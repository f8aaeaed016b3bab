using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Runtime;
using ProxyCluster.Failover;
using ProxyCluster.Placement;

namespace ProxyCluster.Silos;

/// <summary>
/// The one place where the cluster decides: it lives in some silo, and that silo's <see cref="FailoverAuthority"/> is at
/// work while it does. What protects the routing table from two of it is said at <see cref="FailoverOffice"/>.
/// <para>
/// <b>One way up, one way down.</b> Members' reports come here by their region's grain, once a second, and the answer
/// brings the routing table. So whoever can be heard also hears, with or without the cluster store, and nobody has to
/// subscribe. A member acts on a new table at most a report's interval late; that costs a request a hedge, no failure.
/// Road not taken: to push each table to every silo as well. It comes sooner by half a second and needs the answer all the
/// same, for what a push misses.
/// </para>
/// <para>
/// <b>Losing its silo, and a whole region with it.</b> Votes end the silo within 2.25 s of a kill (<see cref="SiloTuning"/>),
/// and the verdict is gossiped. Every member reports at once when its view of the members changes, which places the grain
/// anew (a read and a write of its storage, some 10 ms); it judges the region by the members' absence at its first look. Where
/// a call still finds no way, it is repeated after a quarter of the interval: 2.25 + 0.25 + a look of 0.1, under 3 s in all.
/// Road not taken: deputies who hear every report and take the office over after 1.5 s of silence. With 10.4 the votes are
/// as fast, and for a pause of 1.5 s nobody has to lose anything.
/// </para>
/// </summary>
[RendezvousPlacement]
[UsableSilosFilter(order: 0)]
[KeepAlive]
internal sealed class FailoverGrain(OrleansEngine engine, Rooms rooms, IServiceProvider silo, ILocalSiloDetails details) : Grain, IFailoverGrain, IDisposable
{
    private FailoverOffice? _office;

    private FailoverAuthority Authority => rooms.Get<FailoverAuthority>();

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _office = new FailoverOffice(
            engine.Feed,
            engine.Self!.Id,
            new StoredState<FailoverState>(silo, this.GetGrainId(), "routing", FailoverOffice.StorageLimit),
            rooms.Time,
            engine.IsAlone ? NullLogger.Instance : rooms.Logging.CreateLogger<FailoverOffice>());
        await _office.BeginAsync();
        engine.Hold(_office, details.SiloAddress);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_office is not { } office)
            return;
        engine.Resign(office);
        office.Dispose();
    }

    /// <inheritdoc/>
    public async Task<RoutingWord> HearAsync(IReadOnlyList<MemberWord> words)
    {
        // 1. Somebody began after us: the next call finds or places whoever holds the office.
        var office = _office!;
        if (office.IsLost)
        {
            DeactivateOnIdle();
            throw new OrleansException("another activation holds the office");
        }

        // 2. What they know and how they are.
        var least = long.MaxValue;
        foreach (var word in words)
        {
            if (JsonSerializer.Deserialize(word.Report, FailoverJson.Default.HealthReport) is not { } report)
                continue;
            least = Math.Min(least, report.Epoch);
            office.Note(report, word.Table);
            Authority.Accept(report);
        }

        await office.ClaimIfCompleteAsync();

        // 3. What we know.
        return new RoutingWord(engine.Self!.Id, engine.View.Routing.Epoch, engine.TableAfter(least));
    }

    /// <inheritdoc/>
    public async Task<byte[]> OrderAsync(byte[] command) => JsonSerializer.SerializeToUtf8Bytes(
        await Authority.OrderAsync(JsonSerializer.Deserialize(command, FailoverJson.Default.OperatorCommand)!, CancellationToken.None),
        FailoverJson.Default.OperatorAnswer);

    /// <inheritdoc/>
    public Task<byte[]> StatusAsync() =>
        Task.FromResult(JsonSerializer.SerializeToUtf8Bytes(Authority.Status(), FailoverJson.Default.ClusterStatus));
}
