using ProxyCluster.TestKit.Corpora;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.EndToEnd;

/// <summary>Upstream, checksum database and a proxy between them and the test, all real and all on loopback.</summary>
internal sealed class TestSystem : IAsyncDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private ProxyProcess? _proxy;

    private TestSystem(Corpus corpus, UpstreamServer upstream, ChecksumDatabaseProcess database)
    {
        Corpus = corpus;
        Upstream = upstream;
        Database = database;
    }

    public Corpus Corpus { get; }
    public UpstreamServer Upstream { get; }
    public ChecksumDatabaseProcess Database { get; }

    public ProxyProcess Proxy => _proxy ?? throw new InvalidOperationException("the proxy was not started");

    public string Data => _scratch["data"];

    public ProxySettings Settings => new(Data, Upstream.Url, Database.KeyAndUrl);

    /// <summary>Starts upstream and checksum database, and the proxy unless told otherwise.</summary>
    public static async Task<TestSystem> StartAsync(bool withProxy = true, bool lazyDatabase = false)
    {
        var corpus = await Corpus.OpenAsync();
        var database = await corpus.StartChecksumDatabaseAsync(lazyDatabase);
        return await AroundAsync(corpus, database, withProxy);
    }

    /// <summary>The same around a checksum database that knows more than the corpus.</summary>
    public static async Task<TestSystem> AroundAsync(Corpus corpus, ChecksumDatabaseProcess database, bool withProxy = true)
    {
        var system = new TestSystem(corpus, UpstreamServer.Start(corpus.Tree), database);
        if (withProxy)
            await system.StartProxyAsync();
        return system;
    }

    public async Task StartProxyAsync() => _proxy = await ProxyProcess.StartAsync(Settings);

    /// <summary>SIGTERM, then a new process on the same data directory.</summary>
    public async Task RestartProxyAsync()
    {
        Assert.Equal(0, await Proxy.StopAsync());
        await Proxy.DisposeAsync();
        await StartProxyAsync();
    }

    /// <summary>Files in the data directory whose relative path contains a text.</summary>
    public IReadOnlyList<string> StoredFiles(string containing) =>
    [
        .. Directory.EnumerateFiles(Data, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Data, f))
            .Where(f => f.Contains(containing, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null)
            await _proxy.DisposeAsync();
        await Database.DisposeAsync();
        await Upstream.DisposeAsync();
        _scratch.Dispose();
    }
}
