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
        var word = await CallAsync(grains => Of(grains, name).AfterAsync(known.Revision), Limit, cancel);
        if (word is not null && word.Revision < known.Revision)
            word = await CallAsync(grains => Of(grains, name).OfferAsync(new AgreedWord(known.Revision, known.Content)), WriteLimit, cancel);
        return word is null ? null : new AgreedDocument(word.Revision, word.Content);
    }

    /// <inheritdoc/>
    public async Task<AgreedWrite> WriteAsync(string name, AgreedDocument next, CancellationToken cancel) =>
        await CallAsync(grains => Of(grains, name).WriteAsync(new AgreedWord(next.Revision, next.Content)), WriteLimit, cancel) is { } answer
            ? (AgreedWrite)answer.Result
            : AgreedWrite.Unavailable;

    private static IAgreedGrain Of(IGrainFactory grains, string name) => grains.GetGrain<IAgreedGrain>(name);

    private Task<T?> CallAsync<T>(Func<IGrainFactory, Task<T>> call, TimeSpan limit, CancellationToken cancel)
        where T : class => GrainCalls.OrNullAsync(engine, call, limit, clock, cancel);
}
