namespace ProxyCluster.TestKit.Etcd;

/// <summary>A cluster of real etcds; one or three members.</summary>
public sealed class EtcdCluster : IAsyncDisposable
{
    private EtcdCluster(EtcdProcess[] members) => Members = members;

    /// <summary>The members.</summary>
    public IReadOnlyList<EtcdProcess> Members { get; }

    /// <summary>Where clients reach them.</summary>
    public IReadOnlyList<Uri> Endpoints => [.. Members.Select(static member => member.ClientUrl)];

    /// <summary>Starts a cluster and waits until all of it answers.</summary>
    public static async Task<EtcdCluster> StartAsync(int size)
    {
        var cluster = new EtcdCluster([.. Enumerable.Range(0, size).Select(static n => new EtcdProcess($"m{n}"))]);
        try
        {
            await cluster.StartAllAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts all members; none may be running.</summary>
    public Task StartAllAsync()
    {
        var all = string.Join(',', Members.Select(static member => member.InitialMember));
        return Task.WhenAll(Members.Select(member => member.StartAsync(all)));
    }

    /// <summary>Kills all members.</summary>
    public Task KillAllAsync() => Task.WhenAll(Members.Select(static member => member.KillAsync()));

    /// <summary>Freezes all members.</summary>
    public void FreezeAll()
    {
        foreach (var member in Members)
            member.Freeze();
    }

    /// <summary>Lets all members go on.</summary>
    public void ResumeAll()
    {
        foreach (var member in Members)
            member.Resume();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members)
            await member.DisposeAsync();
    }
}
