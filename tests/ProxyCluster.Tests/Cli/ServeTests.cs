using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;

namespace ProxyCluster.Tests.Cli;

public sealed class ServeTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("proxycluster-serve-");

    public void Dispose() => _data.Delete(recursive: true);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stop_DownloadInFlight_IsFinishedFirst()
    {
        var isSending = new TaskCompletionSource();
        var mayEnd = new TaskCompletionSource();
        await using var app = ProxyHost.Build(Input(), services => services.Answer("/slow", async http =>
        {
            await http.Response.WriteAsync("first ", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            isSending.SetResult();
            await mayEnd.Task;
            await http.Response.WriteAsync("last", http.RequestAborted);
        }));
        await app.StartAsync(Cancellation);
        var stopping = new TaskCompletionSource();
        app.Lifetime.ApplicationStopping.Register(stopping.SetResult);

        using var client = new HttpClient();
        var download = client.GetStringAsync(new Uri(app.Urls.First() + "/slow"), Cancellation);
        await isSending.Task.WaitAsync(Patience, Cancellation);
        var stop = app.StopAsync(Cancellation);
        await stopping.Task.WaitAsync(Patience, Cancellation);
        Assert.False(stop.IsCompleted);
        mayEnd.SetResult();
        Assert.Equal("first last", await download.WaitAsync(Patience, Cancellation));
        await stop.WaitAsync(Patience, Cancellation);
    }

    [Fact]
    public async Task Stop_DownloadThatNeverEnds_IsCutOffAfterTheDrainTimeout()
    {
        var isSending = new TaskCompletionSource();
        var input = Input(("Serve:DrainTimeout", "50ms"));
        await using var app = ProxyHost.Build(input, services => services.Answer("/endless", async http =>
        {
            isSending.SetResult();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        }));
        await app.StartAsync(Cancellation);
        using var client = new HttpClient();
        var download = client.GetStringAsync(new Uri(app.Urls.First() + "/endless"), Cancellation);
        await isSending.Task.WaitAsync(Patience, Cancellation);
        await app.StopAsync(Cancellation).WaitAsync(Patience, Cancellation);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => download.WaitAsync(Patience, Cancellation));
    }

    [Fact]
    public async Task Request_WithoutAnExporter_StartsNoActivity()
    {
        await using var app = ProxyHost.Build(Input(), services =>
            services.Answer("/activity", http => http.Response.WriteAsync(Activity.Current is null ? "none" : "some")));
        await app.StartAsync(Cancellation);
        using var client = new HttpClient();
        Assert.Equal("none", await client.GetStringAsync(new Uri(app.Urls.First() + "/activity"), Cancellation));
        await app.StopAsync(Cancellation);
    }

    [Fact]
    public void Build_UpstreamIsThisProxy_IsRefused()
    {
        var input = Input(("Serve:Urls", "http://localhost:8080"), ("Upstreams:List", "http://me:hush@127.0.0.1:8080"));
        Assert.Equal(
            ["Upstreams:List = \"http://***@127.0.0.1:8080\" (this process) names this proxy's own address http://127.0.0.1:8080/: "
                + "name the proxy behind it, e.g. --upstream https://proxy.golang.org"],
            Assert.Throws<SettingsException>(() => ProxyHost.Build(input)).Mistakes);
    }

    [Fact]
    public async Task Serve_PortInUse_SaysSoInOneLineAndExitsWith1()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}";
        await using var process = ServeProcess.Start("--urls", url);
        Assert.Equal(1, await process.ExitAsync(Patience));
        Assert.Equal(
            $"proxycluster: cannot listen on {url}: the address is in use; stop the other process or choose another with --urls",
            (await process.ErrorAsync()).Trim());
        Assert.Equal("", (await process.RestAsync()).Trim());
    }

    [Theory]
    [InlineData("proxycluster store 2\n", "'proxycluster store 2'")]
    [InlineData("", "''")]
    [InlineData("\u001b[2Jboo\nfoo\ufffd", "'\\u001b[2Jboo\\u000afoo\ufffd'")]
    public async Task Start_DataOfAnotherFormat_IsOneLineForServeAndVerify(string format, string shown)
    {
        Directory.CreateDirectory(Path.Combine(_data.FullName, "modules"));
        await File.WriteAllTextAsync(Path.Combine(_data.FullName, "format"), format, Cancellation);
        foreach (var verb in (string[][])[["serve", "--urls", "http://127.0.0.1:0"], ["verify"]])
        {
            var call = await CommandLineCall.RunAsync([.. verb, "--data", _data.FullName]);
            Assert.Equal(
                (1, $"proxycluster: the data directory {_data.FullName} holds {shown} in its file format; this program reads 'proxycluster store 1'\n"),
                (call.Status, call.Error));
            Assert.Equal("", call.Out);
        }
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Serve_Signal_DrainsAndExitsWith0(string signal)
    {
        await using var process = ServeProcess.Start("--urls", "http://127.0.0.1:0");
        Assert.Matches(@"^ProxyCluster \S+ listens on http://127\.0\.0\.1:[1-9]\d*$", await process.ReadLineAsync(Patience));
        await process.SignalAsync(signal);
        Assert.Equal(0, await process.ExitAsync(Patience));
        var rest = await process.RestAsync();
        Assert.Contains("go env -w GOPROXY=http://127.0.0.1:", rest, StringComparison.Ordinal);
        Assert.Contains("stopping; waiting for downloads in flight", await process.ErrorAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_SecondSignal_ExitsAtOnce()
    {
        // The delay is longer than anybody's patience: only the second signal can end it.
        await using var process = ServeProcess.Start("--urls", "http://127.0.0.1:0", "--set", "Serve:DrainDelay=10m");
        await process.ReadLineAsync(Patience);
        await process.SignalAsync("TERM");
        Assert.Contains("stopping", await process.ReadErrorLineAsync(Patience), StringComparison.Ordinal);
        await process.SignalAsync("TERM");
        Assert.Equal(143, await process.ExitAsync(Patience));
    }

    private SettingsInput Input(params (string Key, string Value)[] more) =>
        SettingsInput.Of([("Serve:Urls", "http://127.0.0.1:0"), ("Storage:Data", _data.FullName), .. more]);
}
