using Orleans;
using ProxyCluster.Clustering.Agreed;
using ProxyCluster.Silos;

namespace ProxyCluster.Grains;

/// <summary>The way to the grains that keep what the cluster agrees on.</summary>
internal sealed class GrainAgreedCalls(OrleansEngine engine, TimeProvider clock) : IAgreedCalls
{
    // A silo that died is dead by the votes within that, and the next question finds the grain elsewhere.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    // As long as the storage may take, twice.
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(4);

    /// <inheritdoc/>
    public async Task<AgreedDocument?> ReadAsync(string name, AgreedDocument known, CancellationToken cancel)
    {
        // The grain's null is no news, and ours that it could not be asked.
        var asked = await CallAsync(
            async grains => new Asked(await Of(grains, name).OtherThanAsync(known.Revision, known.Mark)), Limit, cancel);
        if (asked?.Other is { } other && other.Revision < known.Revision)
            asked = await CallAsync(async grains => new Asked(await Of(grains, name).OfferAsync(new AgreedWord(known.Revision, known.Content))), WriteLimit, cancel);
        return asked is null ? null : asked.Other is { } word ? new AgreedDocument(word.Revision, word.Content) : known;
    }

    /// <inheritdoc/>
    public async Task<AgreedWrite> WriteAsync(string name, AgreedDocument known, byte[] next, CancellationToken cancel) =>
        await CallAsync(grains => Of(grains, name).WriteAsync(known.Revision, known.Mark, next), WriteLimit, cancel) is { } answer
            ? (AgreedWrite)answer.Result
            : AgreedWrite.Unavailable;

    private static IAgreedGrain Of(IGrainFactory grains, string name) => grains.GetGrain<IAgreedGrain>(name);

    private Task<T?> CallAsync<T>(Func<IGrainFactory, Task<T>> call, TimeSpan limit, CancellationToken cancel)
        where T : class => GrainCalls.OrNullAsync(engine, call, limit, clock, cancel);

    private sealed record Asked(AgreedWord? Other);
}
