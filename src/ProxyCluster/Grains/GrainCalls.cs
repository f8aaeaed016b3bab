using System.Text.Json;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
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
/// however long the fetch takes. It is tried twice more: within two time-outs a frozen silo is voted dead, which ends the
/// second call at once, and the third finds the grain in its new place. Whoever asks does not wait for that: it goes on
/// beside us when we give no sign of life for the hedge delay.
/// </para>
/// </summary>
internal sealed class GrainCalls(OrleansEngine engine, IOptions<PeerOptions> options) : IOwnerCalls, IQueryCalls
{
    private const int Attempts = 3;

    /// <inheritdoc/>
    public Task<Outcome<OwnedAt>> HaveAsync(ModuleVersion module, ArtifactKind kind, Action alive, CancellationToken cancel) => ReadAsync(module, CallAsync(
        module.ToString(),
        grains => grains.GetGrain<IModuleVersionGrain>(module.ToString()).HaveAsync((int)kind, options.Value.Heartbeat, engine.Self!.Address.Authority),
        alive,
        cancel));

    /// <inheritdoc/>
    public Task<Outcome<OwnedAt>> HaveInRegionAsync(ModuleVersion module, ArtifactKind kind, Action alive, CancellationToken cancel)
    {
        var (key, self) = (new RegionKey(engine.Self!.Region, module.ToString()).ToString(), engine.Self!);
        return ReadAsync(module, CallAsync(
            key,
            grains => grains.GetGrain<IRegionCopyGrain>(key).HaveAsync((int)kind, options.Value.Heartbeat, self.Address.Authority),
            alive,
            cancel));
    }

    private static async Task<Outcome<OwnedAt>> ReadAsync(ModuleVersion module, Task<Outcome<OwnerWord>> asking)
    {
        var asked = await asking;
        if (!asked.TryGet(out var word, out var failure))
            return failure;
        return RecordFile.ParseOrNull(word.Payload, out var error) is { } record && record.Module == module
            ? new OwnedAt(record, word.Member)
            : new Failure(FailureKind.PeerUnavailable, $"{module}: the owner's record cannot be read: {error ?? "it is another's"}");
    }

    /// <inheritdoc/>
    public async Task<Outcome<OwnedAnswer>> AskAsync(Query query, Action alive, CancellationToken cancel)
    {
        var asked = await CallAsync(
            query.ToString(),
            grains => grains.GetGrain<IModuleIndexGrain>(query.Path.Value).AskAsync(query.Key, options.Value.Heartbeat),
            alive,
            cancel);
        if (!asked.TryGet(out var word, out var failure))
            return failure;
        try
        {
            return new OwnedAnswer(
                JsonSerializer.Deserialize(word.Payload, PeerJson.Default.PeerAnswer) ?? throw new JsonException("it is null"), word.Member);
        }
        catch (JsonException e)
        {
            return new Failure(FailureKind.PeerUnavailable, $"{query}: the owner's answer cannot be read: {e.Message}");
        }
    }

    private async Task<Outcome<OwnerWord>> CallAsync(
        string what, Func<IGrainFactory, Task<OwnerWord>> call, Action alive, CancellationToken cancel)
    {
        for (var failed = 0; ;)
        {
            if (engine.GrainsOrNull is not { } grains)
                return new Failure(FailureKind.PeerUnavailable, $"{what}: this silo is not in its cluster: {engine.Status.Detail}");
            try
            {
                var word = await call(grains).WaitAsync(cancel);
                alive();
                failed = 0;
                switch (word.Kind)
                {
                    case OwnerWordKind.Done:
                        return word;
                    case OwnerWordKind.Failed:
                        return PeerFailure.Parse(word.Payload);
                }
            }
            catch (Exception e) when (IsOfTheWay(e) && !cancel.IsCancellationRequested)
            {
                if (++failed == Attempts)
                    return new Failure(FailureKind.PeerUnavailable, $"{what}: the owner could not be called: {e.Message}");
            }
        }
    }

    // A life of the silo that ends under a call shows itself in any of these.
    internal static bool IsOfTheWay(Exception e) =>
        e is OrleansException or TimeoutException or OperationCanceledException or ObjectDisposedException or InvalidDataException or IOException;
}
