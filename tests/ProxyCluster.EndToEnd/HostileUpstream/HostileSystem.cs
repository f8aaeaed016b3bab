using ProxyCluster.TestKit.Corpora;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.EndToEnd.HostileUpstream;

/// <summary>One proxy between an upstream that is told to misbehave and an honest checksum database.</summary>
public sealed class HostileSystem : IAsyncLifetime
{
    private readonly ScratchDirectory _hostile = new();

    internal TestSystem System { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        foreach (var zip in HostileZip.All)
            zip.WriteTo(_hostile.Path);
        var corpus = await Corpus.OpenAsync();
        var database = await ChecksumDatabaseProcess.StartAsync(corpus.ChecksumDatabaseProgram, [corpus.Sums], [_hostile.Path]);
        System = await TestSystem.AroundAsync(corpus, database);
        foreach (var file in Directory.EnumerateFiles(_hostile.Path, "*", SearchOption.AllDirectories))
            System.Upstream.Put("/" + Path.GetRelativePath(_hostile.Path, file), await File.ReadAllBytesAsync(file));
    }

    public async ValueTask DisposeAsync()
    {
        if (System is not null)
            await System.DisposeAsync();
        _hostile.Dispose();
    }
}
