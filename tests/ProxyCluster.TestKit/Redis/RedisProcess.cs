using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.TestKit.Redis;

/// <summary>
/// A real Redis (Debian: redis-server) on a loopback port that keeps what it is told on disk, and can be killed and
/// started again on the same port and data.
/// </summary>
public sealed class RedisProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly ScratchDirectory _directory = new();
    private ChildProcess? _process;

    private RedisProcess() => Port = LoopbackPort.Free();

    /// <summary>Its port.</summary>
    public int Port { get; }

    /// <summary>Starts one and waits until it answers.</summary>
    public static async Task<RedisProcess> StartAsync()
    {
        var redis = new RedisProcess();
        try
        {
            await redis.StartAgainAsync();
            return redis;
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it again after <see cref="KillAsync"/>.</summary>
    public async Task StartAgainAsync()
    {
        _process = ChildProcess.Start("redis-server",
            [
                "--port", Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", _directory.Path,
                "--appendonly", "yes", "--appendfsync", "always", "--save", "",
            ],
            new Dictionary<string, string>());
        using var late = new CancellationTokenSource(StartLimit);
        while (true)
        {
            try
            {
                using var socket = new TcpClient();
                await socket.ConnectAsync(IPAddress.Loopback, Port, late.Token);
                var stream = socket.GetStream();
                await stream.WriteAsync("PING\r\n"u8.ToArray(), late.Token);
                var answer = new byte[5];
                if (await stream.ReadAtLeastAsync(answer, 5, throwOnEndOfStream: false, late.Token) == 5 && answer[0] == '+')
                    return;
            }
            catch (SocketException)
            {
                // Not listening yet.
            }

            if (_process.HasExited)
                throw new InvalidOperationException($"redis-server ended with {_process.ExitCode}:\n{_process.Output}{_process.Errors}");
            // Nothing signals "ready" from inside another process; asking again is all there is.
            await Task.Delay(20, late.Token);
        }
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _process?.KillAsync() ?? Task.CompletedTask;

    /// <summary>SIGSTOP: its connections stay open and nothing answers.</summary>
    public void Freeze() => _process!.Freeze();

    /// <summary>SIGCONT.</summary>
    public void Resume() => _process!.Resume();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _directory.Dispose();
    }
}
