using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Cli;

namespace ProxyCluster.Tests.Silo;

/// <summary>How a silo leaves, and that two never share a data directory.</summary>
public class ShutdownTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stop_WithADownloadInFlight_IsSeenByTheBalancerThenRefusesThenFinishes()
    {
        var clock = new ManualTimeProvider();
        await using var silo = await TestSilo.StartAsync(
            services => services.AddSingleton<TimeProvider>(clock), ("Serve:DrainDelay", "7m"), ("Http:StallTimeout", "1h"));
        var module = SiloModule.Pack("example.com/large", "v1.0.0", 16 << 20);
        silo.Add(module);

        // 1. A download that its client has only begun to take, and a connection that is kept.
        using var download = await RawConnection.OpenAsync(silo.Address, receiveBuffer: 4096);
        await download.SendAsync(RawConnection.Head("GET", module.Stem + ".zip"));
        Assert.Equal(200, (await download.ReadHeadAsync()).Status);
        using var kept = await RawConnection.OpenAsync(silo.Address);
        Assert.Equal(200, (await kept.AskAsync("GET", "/readyz")).Status);

        // 2. The stop begins: whoever asks for readiness is told, and everybody is still served.
        var delay = clock.TimerDueIn(TimeSpan.FromMinutes(7));
        var stop = silo.BeginStop();
        await delay.WaitAsync(Patience, Cancellation);
        var ready = await silo.GetAsync("/readyz");
        Assert.Equal((503, "no-store"), (ready.Status, ready["Cache-Control"]));
        Assert.StartsWith("not ready\nstopping: ", ready.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await silo.GetAsync("/healthz")).Status);
        Assert.Equal(module.GoMod, (await kept.AskAsync("GET", module.Stem + ".mod")).Body);

        // 3. The listener closes: nobody new gets in.
        clock.Advance(TimeSpan.FromMinutes(7));
        using var patience = new CancellationTokenSource(Patience);
        while (await IsListeningAsync(silo))
            Assert.False(patience.IsCancellationRequested, "the listener stayed open");
        Assert.False(stop.IsCompleted);

        // 4. The download ends as it would have.
        var body = await download.ReadBytesAsync(module.Zip.Length);
        Assert.Equal(module.Zip, body);
        await stop.WaitAsync(Patience, Cancellation);
        silo.Log.AssertNoExceptions();
    }

    [Fact]
    public async Task Stop_WithAFetchInFlight_FinishesIt()
    {
        await using var silo = await FilledSilo.StartAsync();
        var path = FilledSilo.Large.Stem + ".zip";
        var mayAnswer = new TaskCompletionSource();
        silo.Upstream.Faults.Always(path, Fault.Until(mayAnswer.Task));
        var answer = silo.GetAsync(path);
        await silo.Upstream.Requested(path).WaitAsync(Patience, Cancellation);
        var stopping = new TaskCompletionSource();
        silo.Lifetime.ApplicationStopping.Register(stopping.SetResult);
        var stop = silo.BeginStop();
        await stopping.Task.WaitAsync(Patience, Cancellation);
        mayAnswer.SetResult();
        Assert.Equal(FilledSilo.Large.Zip, (await answer.WaitAsync(Patience, Cancellation)).Body);
        await stop.WaitAsync(Patience, Cancellation);
        silo.Log.AssertNoExceptions();
    }

    [Fact]
    public async Task Stop_WithAFetchThatNobodyWaitsFor_EndsItAndLeavesNothing()
    {
        await using var silo = await FilledSilo.StartAsync();
        var path = FilledSilo.Large.Stem + ".zip";
        silo.Upstream.Faults.Always(path, Fault.StallAfter(1000));
        using (var client = await RawConnection.OpenAsync(silo.Address))
        {
            await client.SendAsync(RawConnection.Head("GET", path));
            await silo.Upstream.Requested(path).WaitAsync(Patience, Cancellation);
            client.Reset();
        }

        await silo.ActiveRequests(0).WaitAsync(Patience, Cancellation);
        await silo.StopAsync().WaitAsync(Patience, Cancellation);
        Assert.Empty(silo.TemporaryFiles());
        await silo.StartAgainAsync();
        silo.Upstream.Faults.Clear();
        Assert.Equal(FilledSilo.Large.Zip, (await silo.GetAsync(path)).Body);
    }

    [Fact]
    public async Task Start_OnADataDirectoryInUse_FailsWithOneLineAndDisturbsNobody()
    {
        await using var silo = await FilledSilo.StartAsync();
        await using var second = ServeProcess.Start("--urls", "http://127.0.0.1:0", "--data", silo.Data);
        Assert.Equal(1, await second.ExitAsync(Patience));
        var error = (await second.ErrorAsync()).Trim();
        Assert.StartsWith($"proxycluster: the data directory {silo.Data} is in use by another process", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
        Assert.Equal("", (await second.RestAsync()).Trim());
        Assert.Equal(200, (await silo.GetAsync(FilledSilo.Lib.Stem + ".zip")).Status);
    }

    private static async Task<bool> IsListeningAsync(TestSilo silo)
    {
        try
        {
            using var connection = await RawConnection.OpenAsync(silo.Address);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
