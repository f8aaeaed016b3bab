using System.Collections.Immutable;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Copies;

/// <summary>
/// Finds a copy that lies where nobody looks for it: the owners have changed since it was fetched, theirs are gone, and
/// upstream cannot be had. Only then is everybody asked, those in drained and failed regions too, and only for what they
/// have stored; better an answer from the farthest disk than a 503.
/// <para>
/// Not asked for after a 404: upstream has proven that there is nothing, and paths that do not exist are what <c>go</c>
/// asks for all day.
/// </para>
/// </summary>
internal sealed class LastCopy(ClusterSelf self, PeerFill fill, Pulse pulse)
{
    // At once; the first that has it ends the others.
    private const int AtOnce = 4;

    /// <summary>Whether a failure leaves open that somebody has the artifact.</summary>
    public static bool MayBeElsewhere(FailureKind kind) => kind
        is FailureKind.UpstreamUnavailable or FailureKind.UpstreamTimeout or FailureKind.UpstreamInvalid
        or FailureKind.ChecksumMismatch or FailureKind.ChecksumDatabaseUnavailable or FailureKind.ChecksumDatabaseInvalid
        or FailureKind.PeerUnavailable;

    /// <summary>
    /// Those to ask: every other silo, the key's owners first. An outage ends the asking of owners early, so some of them
    /// may not have been asked yet.
    /// </summary>
    public static ImmutableArray<AskStep> Places(string key, Member self, ClusterView view) =>
    [
        .. OwnerOrder.For(key, view)
            .Concat(view.Members.Where(static member => member.IsSilo))
            .DistinctBy(static member => member.Id, StringComparer.Ordinal)
            .Where(member => member.Id != self.Id)
            .Select(static member => new AskStep(member, AskLevel.Stored)),
    ];

    /// <summary>Copies the artifact from whoever has it; null where nobody does.</summary>
    public async Task<ModuleRecord?> TakeOrNullAsync(ModuleVersion module, ArtifactKind kind, CancellationToken cancel)
    {
        var places = pulse.Prefer(Places(module.ToString(), self.Member, self.View));
        if (places.IsEmpty)
            return null;

        ModuleRecord? found = null;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            await Parallel.ForEachAsync(
                places,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = enough.Token },
                async (place, stop) =>
                {
                    if (!(await fill.FillAsync(place.Peer!, module, kind, AskLevel.Stored, static () => { }, stop)).TryGet(out var record, out _))
                        return;
                    Interlocked.CompareExchange(ref found, record, null);
                    await enough.CancelAsync();
                });
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Somebody had it.
        }

        return found;
    }
}
