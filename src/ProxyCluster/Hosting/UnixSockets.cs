using System.Net.Sockets;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;

namespace ProxyCluster.Hosting;

/// <summary>
/// The socket files among the addresses: one that a crash has left is taken away before the server binds to its name, and
/// the new one gets its permissions. Somebody who still listens is left alone, and so is a file that is no socket; the
/// server then says that the address is in use.
/// </summary>
internal sealed partial class UnixSockets(
    IOptions<ServeOptions> options, IOptions<ClusteringOptions> cluster, ILogger<UnixSockets> logger) : IHostedLifecycleService
{
    private IEnumerable<string> Paths => options.Value.Addresses().Concat(cluster.Value.InternalAddresses())
        .Select(static url => BindingAddress.Parse(url)).Where(static address => address.IsUnixPipe).Select(static address => address.UnixPipePath);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (var path in Paths)
        {
            if (await IsLeftOverAsync(path, cancellationToken))
            {
                File.Delete(path);
                Log.TakenOver(logger, path);
            }
        }
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (options.Value.SocketMode is { } mode && !OperatingSystem.IsWindows())
        {
            foreach (var path in Paths)
                File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));
        }

        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static async Task<bool> IsLeftOverAsync(string path, CancellationToken cancel)
    {
        if (!File.Exists(path) || CanBeOpened(path))
            return false;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }

    // What a socket file never can. A connection to any other file is refused like one to a socket that nobody serves.
    private static bool CanBeOpened(string path)
    {
        try
        {
            File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite).Dispose();
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return true; // another's, and so left alone
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Socket {Path} was left by a process that is gone, and was taken over")]
        public static partial void TakenOver(ILogger logger, string path);
    }
}
