using System.Text.Json;
using Orleans.Concurrency;
using Orleans.Runtime;
using ProxyCluster.Failover;

namespace ProxyCluster.Silos;

/// <summary>The letter box of this silo; see <see cref="ISiloPost"/>.</summary>
[Reentrant]
internal sealed class SiloPost(GrainId grain, Silo silo, ILoggerFactory logging, OrleansEngine engine, Rooms rooms)
    : GrainService(grain, silo, logging), ISiloPost
{
    /// <inheritdoc/>
    public Task DeliverAsync(RoutingWord word)
    {
        engine.Take(word);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<RoutingWord> RecallAsync() => Task.FromResult(engine.Word(0));

    /// <inheritdoc/>
    public Task HearAsync(IReadOnlyList<byte[]> reports)
    {
        foreach (var report in reports)
        {
            if (JsonSerializer.Deserialize(report, FailoverJson.Default.HealthReport) is { } read)
                rooms.Get<FailoverAuthority>().Accept(read);
        }

        return Task.CompletedTask;
    }
}
