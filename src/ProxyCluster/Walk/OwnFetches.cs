using Microsoft.Extensions.Options;
using ProxyCluster.Copies;
using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;
using ProxyCluster.Storage;

namespace ProxyCluster.Walk;

/// <summary>
/// What this silo fetches from upstream itself, handed on to those who are owed a copy.
/// <para>
/// Proven absence is remembered for a moment, because <c>go get</c> probes every prefix of a path at once. Outages are
/// not: the breaker of each upstream already answers those quickly. That one artifact is fetched once however many ask is
/// <see cref="ArtifactOwner"/>'s affair; artifacts of one module version are fetched apart, so that a <c>.mod</c> never
/// waits for its zip, and the store lets the first commit win where they meet.
/// </para>
/// </summary>
internal sealed class OwnFetches(
    ArtifactFetcher fetcher,
    CopyQueue<ToSharedStore> shared,
    CopyQueue<ToRegions> regions,
    IOptions<OwnershipOptions> options,
    TimeProvider clock)
{
    private readonly ShortMemory<Failure> _absent = new(options.Value.AbsentBytes, options.Value.AbsentFor, clock);
    private int _running;

    /// <summary>Fetches running now.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>
    /// Fetches, verifies and commits, from the upstreams of the list or from <paramref name="rewrite"/>'s; <paramref name="known"/> is the present record, which binds the fetch. An upstream that
    /// says when to come back is not waited for where <paramref name="mayWait"/> is false.
    /// </summary>
    public async Task<Outcome<ModuleRecord>> FetchAsync(
        ModuleVersion module, ArtifactKind kind, PolicyRewrite? rewrite, ModuleRecord? known, bool mayWait, CancellationToken stop)
    {
        if (_absent.FindOrNull(KeyOf(module, kind, rewrite)) is { } absent)
            return absent;
        Interlocked.Increment(ref _running);
        try
        {
            return await FetchAndHandOnAsync(module, kind, rewrite, known, mayWait, stop);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private async Task<Outcome<ModuleRecord>> FetchAndHandOnAsync(
        ModuleVersion module, ArtifactKind kind, PolicyRewrite? rewrite, ModuleRecord? known, bool mayWait, CancellationToken stop)
    {
        var outcome = await fetcher.FetchAsync(module, kind, rewrite, known, mayWait, stop);
        if (outcome.Failure is { IsProvenAbsence: true } absence)
            _absent.Remember(KeyOf(module, kind, rewrite), absence, absence.Message);

        if (outcome.TryGet(out var committed, out _))
        {
            regions.Owe(committed, kind);
            await shared.OweAsync(committed, kind, stop);
        }

        return outcome;
    }

    // What one upstream does not have, another may.
    private static string KeyOf(ModuleVersion module, ArtifactKind kind, PolicyRewrite? rewrite) =>
        rewrite is null ? DiskStore.KeyOf(module, kind) : $"{DiskStore.KeyOf(module, kind)} {rewrite.Place}";
}
