using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace ProxyCluster.Etcd;

/// <summary>
/// Grain state on etcd, for what is small and must not be lost: one quorum write each, 1.5 MB at most as etcd comes. States
/// that may be lost, or change all the time, belong elsewhere.
/// <para>
/// One key per service, state name and grain (<see cref="EtcdKeys"/>), with what the silo's
/// <see cref="IGrainStorageSerializer"/> makes of the state as its value. The entity tag is the revision at which etcd last
/// changed the key, none for a state that does not exist; clearing deletes the key. Writing and clearing are conditional, and
/// a tag that is stale, or missing, is an <see cref="InconsistentStateException"/>. So is, rarely, a write that an endpoint
/// took in and whose answer was lost, when the next endpoint is asked: the grain reads again and finds it written.
/// </para>
/// </summary>
internal sealed class EtcdGrainStorage(
    string name, EtcdOptions options, ClusterOptions cluster, IGrainStorageSerializer serializer, IActivatorProvider activators, TimeProvider time)
    : IGrainStorage, IDisposable
{
    private readonly EtcdClient _etcd = new(options, time, EtcdTransport.Create(options));

    /// <inheritdoc/>
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <inheritdoc/>
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <inheritdoc/>
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <inheritdoc/>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var range = new EtcdRangeRequest(EtcdKeys.State(options, cluster, stateName, grainId));
        if ((await _etcd.RangeAsync(range, cancellationToken)).OrThrow().KeyValues is not [var stored])
        {
            Empty(grainState);
            return;
        }

        grainState.State = serializer.Deserialize<T>(new BinaryData(stored.Value ?? [])) ?? Create<T>();
        grainState.ETag = EtcdTag.Write(stored.ModRevision);
        grainState.RecordExists = true;
    }

    /// <inheritdoc/>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var key = EtcdKeys.State(options, cluster, stateName, grainId);
        var put = EtcdRequestOp.Put(key, serializer.Serialize(grainState.State).ToArray());
        grainState.ETag = EtcdTag.Write(await ChangeAsync(key, put, stateName, grainId, grainState.ETag, cancellationToken));
        grainState.RecordExists = true;
    }

    /// <inheritdoc/>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var key = EtcdKeys.State(options, cluster, stateName, grainId);
        await ChangeAsync(key, EtcdRequestOp.Delete(key), stateName, grainId, grainState.ETag, cancellationToken);
        Empty(grainState);
    }

    /// <inheritdoc/>
    public void Dispose() => _etcd.Dispose();

    /// <summary>Changes a key if it is still as the tag says, and gives the revision of the change.</summary>
    private async Task<long> ChangeAsync(
        byte[] key, EtcdRequestOp change, string stateName, GrainId grain, string? tag, CancellationToken cancel)
    {
        var isTag = EtcdTag.TryParse(string.IsNullOrEmpty(tag) ? "0" : tag, out var revision);
        var answer = isTag
            ? (await _etcd.TxnAsync(new EtcdTxnRequest([EtcdCompare.Modified(key, revision)], [change], [EtcdRequestOp.Read(key)]), cancel)).OrThrow()
            : null;
        if (answer is { Succeeded: true })
            return answer.Header.Revision;
        throw new InconsistentStateException(
            $"State {stateName} of grain {grain} in storage {name} was changed by somebody else",
            answer?.ReadOrNull(0) is { } stored ? EtcdTag.Write(stored.ModRevision) : "none",
            tag ?? "none");
    }

    private void Empty<T>(IGrainState<T> grainState)
    {
        grainState.State = Create<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private T Create<T>() => activators.GetActivator<T>().Create();
}
