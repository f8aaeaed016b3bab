using System.Text.Json;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Joining;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Placement;
using ProxyCluster.Silos;
using ProxyCluster.Storage;
using ProxyCluster.Walk;

namespace ProxyCluster.Grains;

/// <summary>
/// Calls the grains that own module versions and queries.
/// <para>
/// A call is short by design: the grain answers within a heartbeat, if only that it is working, and is asked again. So a
/// call that stays without an answer for <see cref="Silos.OrleansOptions.CallTimeout"/> met a dead or frozen silo,
/// however long the fetch takes. It is tried twice more (<see cref="CallPatience"/>): within two time-outs a frozen silo
/// is voted dead, which ends the second call at once, and the third finds the grain in its new place. Whoever asks does not
/// wait for that: it goes on beside us when we give no sign of life for the hedge delay.
/// </para>
/// <para>
/// Without the cluster's store nobody is voted dead: a grain in a silo that is gone, or whose place only that silo knows,
/// is silent whenever it is called. One silence then speaks for a while (<see cref="IsSilent"/>).
/// </para>
/// </summary>
internal sealed class GrainCalls(OrleansEngine engine, IOptions<PeerOptions> options, TimeProvider time) : IOwnerCalls, IQueryCalls
{
    // A call may be refused at once, over and over.
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(20);

    // Timestamp; the least where there was none.
    private long _silentAt = long.MinValue;

    /// <inheritdoc/>
    public bool IsSilent =>
        engine.Status.IsDegraded
        && Volatile.Read(ref _silentAt) is not long.MinValue and var at
        && time.GetElapsedTime(at) < options.Value.IdleTimeout;

    /// <inheritdoc/>
    public Task<OwnerSaid<ModuleRecord>> HaveAsync(ModuleVersion module, ArtifactKind kind, Action alive, CancellationToken cancel) => ReadAsync(module, CallAsync(
        module.ToString(),
        grains => grains.GetGrain<IModuleVersionGrain>(module.ToString()).HaveAsync((int)kind, options.Value.Heartbeat, engine.Self!.Address.Authority),
        alive,
        cancel));

    /// <inheritdoc/>
    public Task<OwnerSaid<ModuleRecord>> HaveInRegionAsync(ModuleVersion module, ArtifactKind kind, Action alive, CancellationToken cancel)
    {
        var (key, self) = (new RegionKey(engine.Self!.Region, module.ToString()).ToString(), engine.Self!);
        return ReadAsync(module, CallAsync(
            key,
            grains => grains.GetGrain<IRegionCopyGrain>(key).HaveAsync((int)kind, options.Value.Heartbeat, self.Address.Authority),
            alive,
            cancel));
    }

    private static async Task<OwnerSaid<ModuleRecord>> ReadAsync(ModuleVersion module, Task<OwnerSaid<byte[]>> asking)
    {
        var (said, member) = await asking;
        if (!said.TryGet(out var payload, out var failure))
            return new(failure, member);
        return RecordFile.ParseOrNull(payload, out var error) is { } record && record.Module == module
            ? new(record, member)
            : new(new Failure(FailureKind.PeerUnavailable, $"{module}: the owner's record cannot be read: {error ?? "it is another's"}"), member);
    }

    /// <inheritdoc/>
    public async Task<OwnerSaid<PeerAnswer>> AskAsync(Query query, Action alive, CancellationToken cancel)
    {
        var (said, member) = await CallAsync(
            query.ToString(),
            grains => grains.GetGrain<IModuleIndexGrain>(query.Path.Value).AskAsync(query.Key, options.Value.Heartbeat),
            alive,
            cancel);
        if (!said.TryGet(out var payload, out var failure))
            return new(failure, member);
        try
        {
            return new(JsonSerializer.Deserialize(payload, PeerJson.Default.PeerAnswer) ?? throw new JsonException("it is null"), member);
        }
        catch (JsonException e)
        {
            return new(new Failure(FailureKind.PeerUnavailable, $"{query}: the owner's answer cannot be read: {e.Message}"), member);
        }
    }

    private async Task<OwnerSaid<byte[]>> CallAsync(
        string what, Func<IGrainFactory, Task<OwnerWord>> call, Action alive, CancellationToken cancel)
    {
        var patience = new CallPatience(options.Value.HedgeDelay, time);
        while (true)
        {
            if (engine.GrainsOrNull is not { } grains)
                return new(new Failure(FailureKind.PeerUnavailable, $"{what}: this silo is not in its cluster: {engine.Status.Detail}"), null);
            try
            {
                AskedFor.Say();
                // Orleans ends a call by its own limit, unless the silo's life ended under it.
                var word = await call(grains).WaitAsync(options.Value.IdleTimeout, time, cancel);
                alive();
                patience.Answered();
                switch (word.Kind)
                {
                    case OwnerWordKind.Done:
                        return new(word.Payload, word.Member);
                    case OwnerWordKind.Failed:
                        return new(PeerFailure.Parse(word.Payload), word.Member);
                }
            }
            catch (Exception e) when (IsOfTheWay(e) && !cancel.IsCancellationRequested)
            {
                if (e is TimeoutException)
                    Volatile.Write(ref _silentAt, time.GetTimestamp());
                if (patience.IsOverAfterFailure() || !Asking.Current.IsWanted)
                    return new(new Failure(FailureKind.PeerUnavailable, $"{what}: the owner could not be called: {e.Message}"), null);
                await Task.Delay(PauseAfterFailure, time, cancel);
            }
        }
    }

    /// <summary>
    /// One call within a limit. Null where no answer comes: this process is no silo now, or the grain's has died and is not
    /// dead by the votes yet.
    /// </summary>
    internal static async Task<T?> OrNullAsync<T>(
        OrleansEngine engine, Func<IGrainFactory, Task<T>> call, TimeSpan limit, TimeProvider clock, CancellationToken cancel)
        where T : class
    {
        try
        {
            return engine.GrainsOrNull is { } grains ? await call(grains).WaitAsync(limit, clock, cancel) : null;
        }
        catch (Exception e) when (IsOfTheWay(e) && !cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    // A life of the silo that ends under a call shows itself in any of these.
    private static bool IsOfTheWay(Exception e) =>
        e is OrleansException or TimeoutException or OperationCanceledException or ObjectDisposedException or InvalidDataException or IOException;
}
