using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ProxyCluster.Admin;
using ProxyCluster.Sockets;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Admin;

public sealed class ClientWatchTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly ClientAddress A = ClientAddress.Of(IPAddress.Parse("10.0.0.1"));
    private static readonly ClientAddress B = ClientAddress.Of(IPAddress.Parse("2001:db8::1"));

    private readonly ManualTimeProvider _clock = new();
    private readonly SiloLog _log = new();
    private readonly ServiceProvider _services;
    private readonly ClientWindow _clients;
    private readonly ClientWatch _watch;

    public ClientWatchTests()
    {
        _services = new ServiceCollection().AddMetrics().AddLogging(logging => logging.AddProvider(_log)).BuildServiceProvider();
        var metrics = new ProxyMetrics(_services.GetRequiredService<IMeterFactory>(), _clock);
        _clients = metrics.Clients;
        _watch = new ClientWatch(metrics, _clock, _services.GetRequiredService<ILogger<ClientWatch>>());
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _watch.StartAsync(Cancel);

    public async ValueTask DisposeAsync()
    {
        await _watch.StopAsync(CancellationToken.None);
        _watch.Dispose();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Look_OneClientTakesMost_IsSaidOnceAndWhenItIsOver()
    {
        Refuse(A, 150);
        Refuse(B, 50);
        Assert.Equal(["Warning ProxyCluster.Admin.ClientWatch: Client 10.0.0.1 took most of the last minute's refused requests: 150 of 200"], await LookAsync());

        // It goes on, by less than would have it said anew.
        for (var i = 0; i < 12; i++)
        {
            Refuse(A, 10);
            Refuse(B, 15);
            Assert.Empty(await LookAsync());
        }

        Assert.Equal(["Information ProxyCluster.Admin.ClientWatch: No client takes most of the refused requests any more; 10.0.0.1 did"], await LookAsync());
        Assert.Empty(await LookAsync());
    }

    [Fact]
    public async Task Look_AnotherTakesMost_IsSaidInItsPlace()
    {
        Refuse(A, 100);
        Assert.Single(await LookAsync());
        Refuse(B, 101);
        Assert.Equal(["Warning ProxyCluster.Admin.ClientWatch: Client 2001:db8::/64 took most of the last minute's refused requests: 101 of 201"], await LookAsync());
        Assert.Empty(await LookAsync());
    }

    [Theory]
    [InlineData(99, 0)] // too little to matter
    [InlineData(150, 150)] // half
    public async Task Look_NobodyTakesEnough_IsSilent(int ofOne, int ofAnother)
    {
        Refuse(A, ofOne);
        Refuse(B, ofAnother);
        Assert.Empty(await LookAsync());
    }

    [Fact]
    public async Task Look_NobodyAsked_IsSilent()
    {
        Assert.Empty(await LookAsync());
        Assert.Null(_watch.TroubleOrNull);
    }

    [Fact]
    public async Task Look_OneClientWaitsMost_IsSaidInSeconds()
    {
        _clients.CountQueued(A, TimeSpan.FromSeconds(59.9), _clock.GetTimestamp());
        Assert.Empty(await LookAsync());
        _clients.CountQueued(A, TimeSpan.FromSeconds(0.1), _clock.GetTimestamp());
        Assert.Equal(["Warning ProxyCluster.Admin.ClientWatch: Client 10.0.0.1 took most of the last minute's seconds in queues: 60 of 60"], await LookAsync());
    }

    [Fact]
    public async Task Look_OneClientAsksMost_IsNobodysBusiness()
    {
        for (var i = 0; i < 1000; i++)
            _clients.CountRequest(A, isRefused: false, _clock.GetTimestamp());
        Assert.Empty(await LookAsync());
    }

    private void Refuse(ClientAddress client, int times)
    {
        for (var i = 0; i < times; i++)
            _clients.CountRequest(client, isRefused: true, _clock.GetTimestamp());
    }

    // The lines of the next look.
    private async Task<IReadOnlyList<string>> LookAsync()
    {
        var before = _log.Lines.Count;
        await _clock.TimerDueIn(ClientWatch.Pause).WaitAsync(Limit, Cancel);
        _clock.Advance(ClientWatch.Pause);
        await _clock.TimerDueIn(ClientWatch.Pause).WaitAsync(Limit, Cancel);
        return [.. _log.Lines.Skip(before)];
    }
}
