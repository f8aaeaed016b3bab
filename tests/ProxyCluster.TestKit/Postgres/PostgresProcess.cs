using System.Globalization;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.TestKit.Postgres;

/// <summary>
/// A real PostgreSQL (Debian: postgresql) on a loopback port and in a directory of its own, that can be stopped as by a crash and started
/// again on the same port and data.
/// </summary>
public sealed class PostgresProcess : IAsyncDisposable
{
    private const string Programs = "/usr/lib/postgresql";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ScratchDirectory _directory = new();
    private ChildProcess? _process;

    private PostgresProcess() => Port = LoopbackPort.Free();

    /// <summary>Its port.</summary>
    public int Port { get; }

    /// <summary>How it is reached.</summary>
    public string Connection => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Database=postgres;Username=proxycluster;Pooling=true;Timeout=5");

    private string Data => _directory["data"];

    /// <summary>Makes one and waits until it answers.</summary>
    public static async Task<PostgresProcess> StartAsync()
    {
        var server = new PostgresProcess();
        try
        {
            // The server refuses to be root.
            if (Environment.IsPrivilegedProcess)
                await RunAsync("chown", ["postgres", server._directory.Path]);
            await AsItselfAsync("initdb", "-D", server.Data, "-A", "trust", "-U", "proxycluster", "--no-sync");
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it again after <see cref="CrashAsync"/>.</summary>
    public async Task StartAgainAsync()
    {
        var (program, arguments) = Call(
            "postgres", "-D", Data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off");
        _process = ChildProcess.Start(program, arguments, new Dictionary<string, string>());
        await Waiting.UntilAsync(IsReadyAsync, "PostgreSQL takes connections");
    }

    /// <summary>Ends it at once, as a crash would: what is under way is rolled back at the next start.</summary>
    public async Task CrashAsync()
    {
        await AsItselfAsync("pg_ctl", "stop", "-D", Data, "-m", "immediate");
        await _process!.WaitAsync(Limit);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
            await CrashAsync();
        if (_process is not null)
            await _process.DisposeAsync();
        _directory.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_process!.HasExited)
            throw new InvalidOperationException($"postgres ended with {_process.ExitCode}:\n{_process.Output}{_process.Errors}");
        var (program, arguments) = Call("pg_isready", "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-q");
        return (await ChildProcess.RunAsync(program, arguments, new Dictionary<string, string>(), Limit)).ExitCode == 0;
    }

    private static Task AsItselfAsync(string name, params string[] arguments)
    {
        var (program, all) = Call(name, arguments);
        return RunAsync(program, all);
    }

    private static (string Program, IEnumerable<string> Arguments) Call(string name, params string[] arguments)
    {
        var newest = Directory.Exists(Programs) ? Directory.EnumerateDirectories(Programs).OrderByDescending(static path => path, StringComparer.Ordinal).FirstOrDefault() : null;
        if (newest is null)
            throw new ToolMissingException($"there is no PostgreSQL in {Programs}");
        var program = Path.Combine(newest, "bin", name);
        return Environment.IsPrivilegedProcess ? ("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", program, .. arguments]) : (program, arguments);
    }

    private static async Task RunAsync(string program, IEnumerable<string> arguments)
    {
        var ended = await ChildProcess.RunAsync(program, arguments, new Dictionary<string, string> { ["LC_ALL"] = "C" }, Limit, "/");
        if (ended.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with {ended.ExitCode}:\n{ended.Output}{ended.Errors}");
    }
}
