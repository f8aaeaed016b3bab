using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Rulings;
using ProxyCluster.Storage;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Storage;

/// <summary>An empty store, and what a test needs around it.</summary>
internal abstract class StoreSite : IAsyncDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly VerifiedBy Pattern = new(VerificationKind.NoSumPattern, "example.com/*", Noon);

    protected ScratchDirectory Scratch { get; } = new();

    /// <summary>What is void.</summary>
    public RulingBook Rulings { get; } = new();

    /// <summary>The store.</summary>
    public abstract IArtifactStore Store { get; }

    /// <summary>The same store as somebody else sees it; the same object where only one may use it.</summary>
    public abstract IArtifactStore Other { get; }

    /// <summary>What a commit leaves behind that breaks off before its record.</summary>
    public abstract Task LeaveBytesAsync(ModuleVersion module, ArtifactKind kind, byte[] bytes);

    /// <summary>Takes away the bytes that a record names.</summary>
    public abstract Task LoseBytesAsync(ModuleRecord record, ArtifactKind kind);

    /// <summary>Where temporary files of the store belong.</summary>
    protected virtual string NewTemporary() => Scratch[Guid.NewGuid().ToString("N")];

    public static ModuleVersion Module(string path = "example.com/a", string version = "v1.0.0")
    {
        Assert.True(ModuleVersion.TryParse(path, version, out var module, out var error), error);
        return module;
    }

    /// <summary>A record that names <paramref name="bytes"/>.</summary>
    public static ModuleRecord Proposal(ModuleVersion module, ArtifactKind kind, byte[] bytes, string h1 = "h1:a") => new ModuleRecord
    {
        Module = module,
        ZipH1 = kind == ArtifactKind.Zip ? h1 : null,
        GoModH1 = kind == ArtifactKind.Mod ? h1 : null,
        VerifiedBy = kind == ArtifactKind.Info ? null : Pattern,
    }.With(kind, new StoredArtifact(Digest.Of(bytes), bytes.Length, "test", Noon));

    /// <summary>Bytes that are the same for the same seed.</summary>
    public static byte[] Bytes(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public async Task<CommitResult> CommitAsync(
        ModuleRecord proposal, ArtifactKind kind, byte[] bytes, IArtifactStore? store = null)
    {
        await using var incoming = await ReceivedAsync(bytes);
        return await (store ?? Store).CommitAsync(proposal, kind, incoming, TestContext.Current.CancellationToken);
    }

    public Task<CommitResult> CommitAsync(ModuleVersion module, ArtifactKind kind, byte[] bytes, string h1 = "h1:a") =>
        CommitAsync(Proposal(module, kind, bytes, h1), kind, bytes);

    /// <summary>What a reader gets; null where the record or the bytes are not there.</summary>
    public async Task<byte[]?> ReadOrNullAsync(ModuleVersion module, ArtifactKind kind, IArtifactStore? store = null)
    {
        var from = store ?? Store;
        return await from.FindRecordOrNullAsync(module, TestContext.Current.CancellationToken) is { } record
            ? await ReadOrNullAsync(from, record, kind)
            : null;
    }

    public static async Task<byte[]?> ReadOrNullAsync(IArtifactStore store, ModuleRecord record, ArtifactKind kind)
    {
        await using var content = await store.OpenStreamOrNullAsync(record, kind, TestContext.Current.CancellationToken);
        if (content is null)
            return null;
        using var read = new MemoryStream();
        await content.CopyToAsync(read, TestContext.Current.CancellationToken);
        return read.ToArray();
    }

    public async Task<IncomingArtifact> ReceivedAsync(byte[] bytes)
    {
        var incoming = new IncomingArtifact(NewTemporary());
        await incoming.WriteAsync(bytes, TestContext.Current.CancellationToken);
        incoming.Complete();
        return incoming;
    }

    public virtual ValueTask DisposeAsync()
    {
        Scratch.Dispose();
        return ValueTask.CompletedTask;
    }
}
