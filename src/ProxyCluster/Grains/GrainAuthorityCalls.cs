using System.Text.Json;
using Orleans;
using ProxyCluster.Failover;
using ProxyCluster.Silos;

namespace ProxyCluster.Grains;

/// <summary>
/// The way to the failover grain: reports by the region's health grain, orders and questions directly.
/// <para>
/// A region must not look silent because the silo that hosts its health grain died: a report which that one does not take in
/// half of its time goes past it, until votes have given the grain a new place.
/// </para>
/// </summary>
internal sealed class GrainAuthorityCalls(OrleansEngine engine, FailoverAuthority own, TimeProvider clock) : IAuthorityCalls
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private long _answered;

    /// <inheritdoc/>
    public async Task<bool> ReportAsync(HealthReport report, TimeSpan limit, CancellationToken cancel)
    {
        var word = new MemberWord(
            JsonSerializer.SerializeToUtf8Bytes(report, FailoverJson.Default.HealthReport), engine.TableAfter(Volatile.Read(ref _answered)));
        var answer = await CallAsync(grains => grains.GetGrain<IRegionHealthGrain>(report.Region).ReportAsync(word), limit / 2, cancel)
            ?? await CallAsync(grains => Failover(grains).HearAsync([word]), limit / 2, cancel);
        if (answer is null)
            return false;
        Volatile.Write(ref _answered, answer.Epoch);
        engine.Take(answer);
        return true;
    }

    /// <inheritdoc/>
    public async Task<OperatorAnswer> OrderAsync(OperatorCommand command, CancellationToken cancel)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(command, FailoverJson.Default.OperatorCommand);
        return await CallAsync(grains => Failover(grains).OrderAsync(body), Limit, cancel) is { } answer
            ? JsonSerializer.Deserialize(answer, FailoverJson.Default.OperatorAnswer)!
            : own.Unavailable;
    }

    /// <inheritdoc/>
    public async Task<ClusterStatus> StatusAsync(CancellationToken cancel) =>
        await CallAsync(static grains => Failover(grains).StatusAsync(), Limit, cancel) is { } answer
            ? JsonSerializer.Deserialize(answer, FailoverJson.Default.ClusterStatus)!
            : own.Status();

    private static IFailoverGrain Failover(IGrainFactory grains) => grains.GetGrain<IFailoverGrain>(IFailoverGrain.Key);

    private Task<T?> CallAsync<T>(Func<IGrainFactory, Task<T>> call, TimeSpan limit, CancellationToken cancel)
        where T : class => GrainCalls.OrNullAsync(engine, call, limit, clock, cancel);
}
