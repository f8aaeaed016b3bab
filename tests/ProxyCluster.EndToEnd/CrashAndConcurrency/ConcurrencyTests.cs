using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.EndToEnd.CrashAndConcurrency;

/// <summary>Many clients want one module version: it is fetched once, and nobody depends on another client's patience.</summary>
[Trait("Needs", "corpus")]
public sealed class ConcurrencyTests(ConcurrencyTests.Running running) : IClassFixture<ConcurrencyTests.Running>
{
    private const int Clients = 500;

    private readonly TestSystem _system = running.System;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ColdModuleVersion_AskedForByFiveHundredAtOnce_CostsOneFetchOfEachArtifact()
    {
        const string Version = "golang.org/x/text/@v/v0.7.0";
        string[] endings = [".info", ".mod", ".zip"];
        // The answers are held back until all clients had time to ask, so that they do meet.
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var ending in endings)
            _system.Upstream.Faults.Always($"/{Version}{ending}", Fault.HeldBackUntil(go.Task));

        var asked = Enumerable.Range(0, Clients)
            .Select(i => _system.Proxy.Http.GetAsync(Version + endings[i % 3], HttpCompletionOption.ResponseHeadersRead, Token))
            .ToList();
        await Task.WhenAll(endings.Select(e => _system.Upstream.Requested($"/{Version}{e}")));
        await AllAreActiveAsync(Clients);
        go.SetResult();

        var lengths = new HashSet<(string, long)>();
        foreach (var (answer, i) in (await Task.WhenAll(asked)).Select((a, i) => (a, i)))
        {
            Assert.True(answer.IsSuccessStatusCode, $"client {i} was answered {(int)answer.StatusCode}");
            await using var body = await answer.Content.ReadAsStreamAsync(Token);
            lengths.Add((endings[i % 3], await LengthAsync(body)));
            answer.Dispose();
        }

        Assert.Equal(3, lengths.Count);
        Assert.All(lengths, l => Assert.Equal(_system.Upstream.FindOrNull($"/{Version}{l.Item1}")!.Body.Length, l.Item2));
        Assert.All(endings, e => Assert.Equal(1, _system.Upstream.Requests($"/{Version}{e}")));
        Assert.Single(await _system.Database.RequestsAsync(), r => r == "GET /lookup/golang.org/x/text@v0.7.0");
    }

    [Fact]
    public async Task Client_ThatDisconnects_DoesNotFailTheOthers()
    {
        const string Path = "golang.org/x/net/@v/v0.5.0.zip";
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _system.Upstream.Faults.Always("/" + Path, Fault.HeldBackUntil(go.Task));
        using var leaving = new CancellationTokenSource();

        var first = _system.Proxy.Http.GetAsync(Path, leaving.Token);
        await _system.Upstream.Requested("/" + Path);
        var others = Enumerable.Range(0, 20).Select(_ => _system.Proxy.Http.GetByteArrayAsync(Path, Token)).ToList();
        await AllAreActiveAsync(21);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await AllAreActiveAsync(20, orMore: false);
        go.SetResult();

        var expected = _system.Upstream.FindOrNull("/" + Path)!.Body.ToArray();
        Assert.All(await Task.WhenAll(others), body => Assert.Equal(expected, body));
        Assert.Equal(1, _system.Upstream.Requests("/" + Path));
    }

    [Fact]
    public async Task Fetch_WhoseOnlyClientDisconnects_IsFinishedForTheNextOne()
    {
        const string Path = "golang.org/x/tools/@v/v0.4.0.zip";
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _system.Upstream.Faults.Always("/" + Path, Fault.HeldBackUntil(go.Task));
        using var leaving = new CancellationTokenSource();

        var only = _system.Proxy.Http.GetAsync(Path, leaving.Token);
        await _system.Upstream.Requested("/" + Path);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => only);
        await AllAreActiveAsync(0, orMore: false);
        go.SetResult();

        var body = await _system.Proxy.Http.GetByteArrayAsync(Path, Token);
        Assert.Equal(_system.Upstream.FindOrNull("/" + Path)!.Body.ToArray(), body);
        Assert.Equal(1, _system.Upstream.Requests("/" + Path));
    }

    // The proxy's own gauge says how many requests it is answering; the one that asks for it is not among them or is the
    // one more.
    private Task AllAreActiveAsync(int wanted, bool orMore = true) => Waiting.UntilAsync(
        async () =>
        {
            var active = await _system.Proxy.MetricAsync("proxycluster_request_active");
            return orMore ? active >= wanted : active <= wanted + 1;
        },
        $"{wanted} requests are active");

    private static async Task<long> LengthAsync(Stream body)
    {
        var buffer = new byte[1 << 16];
        long length = 0;
        for (int read; (read = await body.ReadAsync(buffer, Token)) > 0;)
            length += read;
        return length;
    }

    /// <summary>One system for the tests above.</summary>
    public sealed class Running : IAsyncLifetime
    {
        internal TestSystem System { get; private set; } = null!;

        public async ValueTask InitializeAsync() => System = await TestSystem.StartAsync();

        public async ValueTask DisposeAsync()
        {
            if (System is not null)
                await System.DisposeAsync();
        }
    }
}
