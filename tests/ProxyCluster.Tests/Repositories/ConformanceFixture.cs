using System.Text;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Repositories;

/// <summary>The repositories of <see cref="DirectCases"/>, made once; what go answers about them on this disk; and servers of them.</summary>
public sealed class ConformanceFixture : IAsyncLifetime
{
    private readonly PlainProxy _pages = new(DirectCases.PageOrNull);
    private readonly Lazy<Task<GitServers>> _servers;
    private GoWorkspace? _workspace;

    public ConformanceFixture() => _servers = new(() => GitServers.StartAsync(World.Repositories, DirectWorld.Hosts, [.. Pages()]));

    internal DirectWorld World { get; } = new(pages: new ScriptedPages(DirectCases.PageOrNull));

    internal IReadOnlyList<DirectCase> Cases { get; } = DirectCases.All();

    internal GoAnswers Go { get; private set; } = null!;

    internal Task<GitServers> Servers => _servers.Value;

    public async ValueTask InitializeAsync()
    {
        Assert.InRange(Cases.Count, 60, 1000);
        Parallel.ForEach(Cases, one => one.Repository.Make(World.Repositories));
        _workspace = NewGo(host => $"file://{World.RepositoriesOf(host)}", new()
        {
            // Pages are asked for over plain http, through a proxy that knows them; over https nobody answers.
            ["GOINSECURE"] = "vanity.test,gopkg.in",
            ["HTTP_PROXY"] = _pages.Url,
            ["HTTPS_PROXY"] = _pages.Url,
        });
        Go = await GoAnswers.AskAsync(_workspace, Cases);

        // It found its way.
        foreach (var asked in (IReadOnlyDictionary<string, Downloaded>[])[Go.Versions, Go.Queries])
            Assert.InRange(asked.Values.Count(static one => one.Error is null), asked.Count / 2, asked.Count);
        Assert.InRange(Go.Origins.Values.Count(static one => one.OriginOrNull is not null), 80, Go.Queries.Count);
    }

    public async ValueTask DisposeAsync()
    {
        if (_servers.IsValueCreated)
            await (await Servers).DisposeAsync();
        _workspace?.Dispose();
        _pages.Dispose();
        World.Dispose();
    }

    /// <summary>A go that asks repositories themselves.</summary>
    /// <param name="insteadOf">Where the repositories of a host are; null for there.</param>
    /// <param name="more">Variables besides.</param>
    internal static GoWorkspace NewGo(Func<string, string>? insteadOf, Dictionary<string, string> more)
    {
        var go = new GoWorkspace("direct", "off", GoWorkspace.NewerGo(), more);
        var config = new StringBuilder("[protocol \"file\"]\n\tallow = always\n[safe]\n\tdirectory = *\n");
        foreach (var host in insteadOf is null ? [] : DirectWorld.Hosts)
            config.Append($"[url \"{insteadOf!(host)}\"]\n\tinsteadOf = https://{host}/\n");
        File.WriteAllText(Path.Combine(go.Home, ".gitconfig"), config.ToString());
        return go;
    }

    // Of every path that is asked about, and of the paths that those name.
    private IEnumerable<(string Path, string Page)> Pages() => Cases
        .SelectMany(static one => one.Versions(one.Repository).Concat(one.Queries(one.Repository)).Concat(one.Modules).Append("").Select(ask => one.PathOf(ask).Split('@')[0]))
        .Distinct()
        .Select(static path => (path, DirectCases.PageOrNull(path)!))
        .Where(static page => page.Item2 is not null);
}
