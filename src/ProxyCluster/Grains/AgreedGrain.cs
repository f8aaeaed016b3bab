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
    public async Task<AgreedWord?> OtherThanAsync(long revision, long mark)
    {
        if (!_isRead && (_failedAt is not { } at || rooms.Time.GetElapsedTime(at) >= Rest))
            await ReadAsync();

        // A storage that was never read says nothing of what is agreed on.
        var standing = Place.Standing;
        return (!_isRead && standing.Revision == 0) || (standing.Revision, standing.Mark) == (revision, mark) ? null : Word(standing);
    }

    /// <inheritdoc/>
    public async Task<AgreedWord> OfferAsync(AgreedWord known)
    {
        // Read again first: another activation may have written, and what is stored counts.
        var offered = new AgreedDocument(known.Revision, known.Content);
        if (Place.Believes(offered) && await ReadAsync() && Place.Believes(offered))
            await WriteStateAsync(offered, isOwn: false);
        return Word(Place.Standing);
    }

    /// <inheritdoc/>
    public async Task<AgreedAnswer> WriteAsync(long revision, long mark, byte[] next)
    {
        var result = !_isRead && !await ReadAsync() ? AgreedWrite.Unavailable
            : (revision, mark) != (Place.Standing.Revision, Place.Standing.Mark) ? AgreedWrite.Superseded
            : await WriteStateAsync(Place.Standing.Next(next), isOwn: true);
        return new AgreedAnswer((int)result);
    }

    private AgreedPlace Place => new(new AgreedDocument(_state!.Value.Revision, _state.Value.Content), !_state.Value.IsOwn);

    private static AgreedWord Word(AgreedDocument document) => new(document.Revision, document.Content);

    private async Task<AgreedWrite> WriteStateAsync(AgreedDocument next, bool isOwn)
    {
        switch (await _state!.TryWriteAsync(new AgreedState { Revision = next.Revision, Content = next.Content, IsOwn = isOwn }))
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
