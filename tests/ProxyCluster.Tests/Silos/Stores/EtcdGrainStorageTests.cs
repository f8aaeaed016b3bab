using Orleans.Runtime;
using Orleans.Storage;

namespace ProxyCluster.Tests.Silos.Stores;

/// <summary>The suite on one etcd, and what our storage promises on top of it.</summary>
[Collection(nameof(EtcdStore))]
public sealed class EtcdGrainStorageTests(EtcdStore etcd) : GrainStorageConformance(etcd)
{
    [Theory]
    [InlineData("0")]
    [InlineData("no tag of ours")]
    public async Task Write_TagThatEtcdNeverGave_Refused(string tag)
    {
        var storage = await StorageAsync();
        var grain = NewGrain();
        await WriteAsync(storage, grain, "one");

        var e = await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("s", grain, Of("two", tag)));

        Assert.Equal(tag, e.CurrentEtag);
        Assert.Equal("one", (await ReadAsync(storage, grain)).State!.Text);
    }

    [Fact]
    public async Task Call_EtcdStandsStill_TokenEndsIt()
    {
        var storage = await StorageAsync();
        var grain = NewGrain();
        var state = await WriteAsync(storage, grain, "one");
        Assert.True(Server.TryFreeze());
        try
        {
            Func<CancellationToken, Task>[] calls =
            [
                cancel => storage.ReadStateAsync("s", grain, state, cancel),
                cancel => storage.WriteStateAsync("s", grain, state, cancel),
                cancel => storage.ClearStateAsync("s", grain, state, cancel),
            ];
            foreach (var call in calls)
            {
                using var cancel = new CancellationTokenSource();
                var ending = call(cancel.Token);
                await cancel.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ending);
            }

            await Assert.ThrowsAsync<OrleansException>(() => storage.ReadStateAsync("s", grain, state));
        }
        finally
        {
            Server.Resume();
        }
    }
}
