using System.Net.Sockets;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Cli;

namespace ProxyCluster.Tests.Hosting;

/// <summary>A socket file that is to be listened on, and what lies there already.</summary>
public sealed class UnixSocketTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ScratchDirectory _scratch = new();

    private string Socket => _scratch["proxy.sock"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Serve_AfterACrash_TakesTheSocketOver()
    {
        await using (var first = await StartAsync())
        {
            await AskAsync();
            await first.SignalAsync("KILL");
            await first.ExitAsync(Patience);
        }

        Assert.True(File.Exists(Socket));
        await using var second = await StartAsync();
        await AskAsync();
    }

    [Fact]
    public async Task Serve_OnASocketThatSomebodyListensOn_LeavesItAlone()
    {
        await using var first = await StartAsync();
        await using var second = ServeProcess.Start("--urls", "http://unix:" + Socket, "--data", _scratch["other"]);
        Assert.Equal(1, await second.ExitAsync(Patience));
        Assert.Contains("the address is in use", await second.ErrorAsync(), StringComparison.Ordinal);
        await AskAsync();
    }

    [Fact]
    public async Task Serve_OnAFileThatIsNoSocket_LeavesItAlone()
    {
        await File.WriteAllTextAsync(Socket, "mine", Cancel);
        await using var process = ServeProcess.Start("--urls", "http://unix:" + Socket, "--data", _scratch["data"]);
        Assert.Equal(1, await process.ExitAsync(Patience));
        Assert.Equal("mine", await File.ReadAllTextAsync(Socket, Cancel));
    }

    [Theory]
    [InlineData("660")]
    [InlineData("0600")]
    public async Task Serve_WithAMode_GivesItToTheSocket(string mode)
    {
        await using var process = await StartAsync("--set", "Serve:SocketMode=" + mode);
        Assert.Equal(Convert.ToInt32(mode, 8), OperatingSystem.IsWindows() ? 0 : (int)File.GetUnixFileMode(Socket));
        await AskAsync();
    }

    [Fact]
    public async Task Serve_WithAModeThatIsNone_ExitsWith2()
    {
        await using var process = ServeProcess.Start("--urls", "http://unix:" + Socket, "--data", _scratch["data"], "--set", "Serve:SocketMode=rw");
        Assert.Equal(2, await process.ExitAsync(Patience));
        Assert.Contains("Serve:SocketMode", await process.ErrorAsync(), StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Dispose();

    private async Task<ServeProcess> StartAsync(params string[] more)
    {
        var process = ServeProcess.Start(["--urls", "http://unix:" + Socket, "--data", _scratch["data"], .. more]);
        string? line;
        do
        {
            line = await process.ReadLineAsync(Patience);
            Assert.NotNull(line);
        }
        while (!line.Contains("listens on", StringComparison.Ordinal));

        return process;
    }

    private async Task AskAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) =>
            {
                var socket = new System.Net.Sockets.Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        Assert.Equal("ok\n", await client.GetStringAsync(new Uri("http://localhost/healthz"), Cancel));
    }
}
