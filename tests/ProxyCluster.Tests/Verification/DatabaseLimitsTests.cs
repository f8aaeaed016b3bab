using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Verification;

/// <summary>How often a checksum database is asked, whatever is asked of us.</summary>
public sealed class DatabaseLimitsTests : IAsyncLifetime
{
    private const int MaxWaiting = 30;

    private readonly ManualTimeProvider _clock = new();
    private readonly ScratchDirectory _data = new();
    private DatabaseServer _server = null!;
    private VerificationRoom _room = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ChecksumDatabaseClient Client => _room.Databases.PrimaryOrNull!.Client;

    private int Asked => _server.Paths.Count(static path => path.StartsWith("lookup/", StringComparison.Ordinal));

    public async ValueTask InitializeAsync()
    {
        _server = await DatabaseServer.StartAsync();
        _server.Fill(1);
        _room = new VerificationRoom(new VerificationOptions { SumDb = _server.Setting, Attempts = 1, MaxWaiting = MaxWaiting }, _data.Path, _clock);
    }

    public async ValueTask DisposeAsync()
    {
        _room.Dispose();
        await _server.DisposeAsync();
        _data.Dispose();
    }

    [Fact]
    public async Task Lookup_OfAnUnknownName_IsRememberedForAWhile()
    {
        for (var i = 0; i < 3; i++)
            Assert.Equal(ChecksumFailureKind.Unknown, (await Client.LookupAsync(DatabaseServer.Module(7), Cancel)).Failure?.Kind);
        Assert.Equal(1, Asked);

        // Published meanwhile.
        _server.Fill(8);
        _clock.Advance(new VerificationOptions().AbsentFor);
        Assert.Null((await Client.LookupAsync(DatabaseServer.Module(7), Cancel)).Failure);
    }

    [Fact]
    public async Task Lookups_WhileTheDatabaseFails_RestAndTryAgain()
    {
        _server.Instead = static (context, _) =>
        {
            context.Response.StatusCode = 500;
            return Task.FromResult(true);
        };
        var options = new VerificationOptions();
        for (var i = 0; i < 50; i++)
            Assert.Equal(ChecksumFailureKind.Unavailable, (await Client.LookupAsync(DatabaseServer.Module(i), Cancel)).Failure?.Kind);
        Assert.Equal(options.BreakerThreshold, Asked);

        // The one after the rest fails, and there is another rest.
        _clock.Advance(options.BreakerPause);
        for (var i = 0; i < 50; i++)
            await Client.LookupAsync(DatabaseServer.Module(i), Cancel);
        Assert.Equal(options.BreakerThreshold + 1, Asked);

        _server.Instead = static (_, _) => Task.FromResult(false);
        _clock.Advance(options.BreakerPause);
        Assert.Null((await Client.LookupAsync(DatabaseServer.Module(0), Cancel)).Failure);
    }

    [Fact]
    public async Task Lookups_ManyAtOnce_AreAskedInTurnsAndSoManyWait()
    {
        var (running, most) = (0, 0);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // One asker for all; a quarter of the turns is for others.
        var limit = new VerificationOptions().MaxConcurrentRequests * 3 / 4;
        _server.Instead = async (context, _) =>
        {
            lock (gate)
                most = Math.Max(most, ++running);
            await gate.Task;
            context.Response.StatusCode = 404;
            return true;
        };

        // All but those that have a turn or wait for one are refused, while nobody is answered.
        var all = Enumerable.Range(1, limit + MaxWaiting + 20).Select(i => Client.LookupAsync(DatabaseServer.Module(i), Cancel)).ToList();
        await Waiting.UntilAsync(() => all.Count(static lookup => lookup.IsCompleted) >= 20);
        await Waiting.UntilAsync(() => Volatile.Read(ref running) >= limit);
        Assert.Equal(limit, most);
        gate.SetResult();
        var kinds = (await Task.WhenAll(all)).Select(static result => result.Failure!.Kind).ToList();
        Assert.Equal(20, kinds.Count(static kind => kind == ChecksumFailureKind.Overloaded));
        Assert.Equal(limit + MaxWaiting, Asked);
    }
}
