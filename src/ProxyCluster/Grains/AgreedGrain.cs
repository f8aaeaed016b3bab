using Orleans;
using ProxyCluster.Clustering.Agreed;
using ProxyCluster.Placement;
using ProxyCluster.Silos;

namespace ProxyCluster.Grains;

/// <summary>
/// Keeps a document in the cluster store. Two activations at once are harmless: each writes only over what it has read, and the
/// storage refuses the one that has not read the last write.
/// <para>
/// While the storage does not answer nothing can be changed, and who asks is told what was read last.
/// </para>
/// </summary>
[RendezvousPlacement]
[UsableSilosFilter(order: 0)]
internal sealed class AgreedGrain(IServiceProvider silo, Rooms rooms) : Grain, IAgreedGrain
{
    private static readonly TimeSpan StorageLimit = TimeSpan.FromSeconds(1);

    // An asker must not wait for a storage that has just not answered another one.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    private StoredState<AgreedState>? _state;
    private bool _isRead;
    private long? _failedAt;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _state = new StoredState<AgreedState>(silo, this.GetGrainId(), "agreed", StorageLimit);
        await ReadAsync();
    }

    /// <inheritdoc/>
    public async Task<AgreedWord> AfterAsync(long revision)
    {
        if (!_isRead && (_failedAt is not { } at || rooms.Time.GetElapsedTime(at) >= Rest))
            await ReadAsync();
        var (standing, content) = (_state!.Value.Revision, _state.Value.Content);
        return new AgreedWord(standing, standing > revision ? content : []);
    }

    /// <inheritdoc/>
    public async Task<AgreedWord> OfferAsync(AgreedWord known)
    {
        // Read again first: another activation may have written, and what is stored counts.
        if (known.Revision > _state!.Value.Revision && await ReadAsync() && known.Revision > _state.Value.Revision)
            await WriteStateAsync(known);
        return await AfterAsync(known.Revision);
    }

    /// <inheritdoc/>
    public async Task<AgreedAnswer> WriteAsync(AgreedWord next)
    {
        var result = !_isRead && !await ReadAsync() ? AgreedWrite.Unavailable
            : next.Revision != _state!.Value.Revision + 1 ? AgreedWrite.Superseded
            : await WriteStateAsync(next);
        return new AgreedAnswer((int)result);
    }

    private async Task<AgreedWrite> WriteStateAsync(AgreedWord next)
    {
        switch (await _state!.TryWriteAsync(new AgreedState { Revision = next.Revision, Content = next.Content }))
        {
            case WriteResult.Written:
                return AgreedWrite.Written;
            case WriteResult.Conflict:
                return await ReadAsync() ? AgreedWrite.Superseded : AgreedWrite.Unavailable;
            default:
                // It may have been stored or not: what stands is not known until it is read.
                Fail();
                return AgreedWrite.Unavailable;
        }
    }

    // What cannot be read by this program must not be written over by it.
    private async Task<bool> ReadAsync()
    {
        _isRead = await _state!.ReadAsync() == ReadResult.Read;
        if (!_isRead)
            Fail();
        return _isRead;
    }

    private void Fail() => (_isRead, _failedAt) = (false, rooms.Time.GetTimestamp());
}
