using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Options;
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
/// <para>
/// An outage makes a question of every miss. So that it does not make one to every silo of the world each time, the answer
/// "nobody" is remembered for a while, as long as the members are those that were asked, and so many searches run at once.
/// Those who miss the same artifact at once share one by sharing the miss.
/// </para>
/// </summary>
/// <param name="self">Knows the members.</param>
/// <param name="pulse">Knows who had better not be asked.</param>
/// <param name="takeAsync">Copies from one of them what it has stored.</param>
/// <param name="options">Bounds.</param>
/// <param name="clock">The clock.</param>
internal sealed class LastCopy(
    ClusterSelf self,
    Pulse pulse,
    Func<Member, ModuleVersion, ArtifactKind, CancellationToken, Task<Outcome<ModuleRecord>>> takeAsync,
    IOptions<LastCopyOptions> options,
    TimeProvider clock) : IDisposable
{
    // At once; the first that has it ends the others.
    private const int AtOnce = 4;

    private const int MaxRemembered = 10_000;

    private readonly SemaphoreSlim _turns = new(options.Value.MaxSearches);
    private readonly ConcurrentDictionary<(ModuleVersion, ArtifactKind), Nobody> _nobody = new();

    private sealed record Nobody(ImmutableArray<Member> Asked, long At);

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

    /// <summary>Copies the artifact from whoever has it; null where nobody does, or where no turn came in time.</summary>
    public async Task<ModuleRecord?> TakeOrNullAsync(ModuleVersion module, ArtifactKind kind, CancellationToken cancel)
    {
        var view = self.View;
        if (IsKnown((module, kind), view) || !await TakeTurnAsync(cancel))
            return null;

        ModuleRecord? found;
        bool isCertain;
        try
        {
            (found, isCertain) = await SearchAsync(pulse.Prefer(Places(module.ToString(), self.Member, view)), module, kind, cancel);
        }
        finally
        {
            _turns.Release();
        }

        // That some did not answer says nothing of what they have: they may be back in a moment.
        if (found is null && isCertain)
            Remember((module, kind), new Nobody(view.Members, clock.GetTimestamp()));
        return found;
    }

    public void Dispose() => _turns.Dispose();

    private async Task<bool> TakeTurnAsync(CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(options.Value.NobodyFor, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            await _turns.WaitAsync(both.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<(ModuleRecord? Found, bool IsCertain)> SearchAsync(
        ImmutableArray<AskStep> places, ModuleVersion module, ArtifactKind kind, CancellationToken cancel)
    {
        ModuleRecord? found = null;
        var isCertain = true;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            await Parallel.ForEachAsync(
                places,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = enough.Token },
                async (place, stop) =>
                {
                    if (!(await takeAsync(place.Peer!, module, kind, stop)).TryGet(out var record, out var failure))
                    {
                        if (failure.Kind != FailureKind.NotCached)
                            Volatile.Write(ref isCertain, false);
                        return;
                    }

                    Interlocked.CompareExchange(ref found, record, null);
                    await enough.CancelAsync();
                });
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Somebody had it.
        }

        return (found, isCertain);
    }

    private bool IsKnown((ModuleVersion, ArtifactKind) key, ClusterView view) =>
        _nobody.TryGetValue(key, out var nobody) && IsFresh(nobody) && nobody.Asked.AsSpan().SequenceEqual(view.Members.AsSpan());

    private bool IsFresh(Nobody nobody) => clock.GetElapsedTime(nobody.At) < options.Value.NobodyFor;

    private void Remember((ModuleVersion, ArtifactKind) key, Nobody nobody)
    {
        if (_nobody.Count >= MaxRemembered)
        {
            foreach (var (old, known) in _nobody)
            {
                if (!IsFresh(known))
                    _nobody.TryRemove(old, out _);
            }
        }

        // Where all of them are fresh, one more question is cheaper than memory without a bound.
        if (_nobody.Count < MaxRemembered)
            _nobody[key] = nobody;
    }
}
