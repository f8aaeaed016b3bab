using System.Collections.Concurrent;
using ProxyCluster.GoModules.ChecksumDatabase;

namespace ProxyCluster.GoModules.Tests.ChecksumDatabase;

/// <summary>Stands between a client and a genuine database: counts reads, and changes the answers that a test names.</summary>
internal sealed class HostileRemote(IChecksumDatabaseRemote genuine) : IChecksumDatabaseRemote
{
    public IChecksumDatabaseRemote Genuine { get; set; } = genuine;

    /// <summary>Changes an answer; gets the path and what the genuine database said.</summary>
    public Func<string, RemoteRead, RemoteRead> Change { get; set; } = static (_, read) => read;

    /// <summary>Every read waits for this.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public ConcurrentQueue<string> Paths { get; } = new();

    public async ValueTask<RemoteRead> ReadAsync(string path, CancellationToken cancellationToken)
    {
        Paths.Enqueue(path);
        await Gate.WaitAsync(cancellationToken);
        return Change(path, await Genuine.ReadAsync(path, cancellationToken));
    }

    public static RemoteRead Flip(RemoteRead read, int at)
    {
        var bytes = read.Body.ToArray();
        bytes[at] ^= 1;
        return RemoteRead.Found(bytes);
    }
}
