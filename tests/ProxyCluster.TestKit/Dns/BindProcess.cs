using System.Globalization;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.TestKit.Dns;

/// <summary>
/// A real name server (Debian: bind9) on a loopback port, with one zone that takes signed updates, that can be ended and started again
/// on the same port and zone.
/// </summary>
public sealed class BindProcess : IAsyncDisposable
{
    /// <summary>Its zone.</summary>
    public const string Zone = "go.example";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly Dictionary<string, string> Nothing = [];

    private readonly ScratchDirectory _directory = new();
    private ChildProcess? _process;

    private BindProcess() => Port = LoopbackPort.Free();

    /// <summary>Its port.</summary>
    public int Port { get; }

    /// <summary>Where it listens.</summary>
    public string Server => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>File with the key that may change the zone, save <c>kept.go.example</c>.</summary>
    public string KeyFile => _directory["key"];

    /// <summary>Makes one and waits until it answers.</summary>
    public static async Task<BindProcess> StartAsync()
    {
        var server = new BindProcess();
        try
        {
            await server.PrepareAsync();
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it again after <see cref="StopAsync"/>.</summary>
    public async Task StartAgainAsync()
    {
        _process = ChildProcess.Start("named", ["-g", "-c", _directory["named.conf"]], Nothing);
        await Waiting.UntilAsync(
            async () => _process.HasExited
                ? throw new InvalidOperationException($"named ended with {_process.ExitCode}:\n{_process.Output}{_process.Errors}")
                : await AskAsync(Zone, "SOA") is { Length: > 0 },
            "the name server answers");
    }

    /// <summary>Ends it.</summary>
    public async Task StopAsync()
    {
        if (_process is { } process)
            await process.DisposeAsync();
        _process = null;
    }

    /// <summary>What it answers to a question, as <c>dig +short</c> prints it: records by spaces, in order; empty where there are none.</summary>
    public async Task<string> AskAsync(string name, string type)
    {
        var asked = await ChildProcess.RunAsync(
            "dig", ["@127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "+short", "+tcp", "+time=2", "+tries=1", name, type], Nothing, Limit);
        return asked.ExitCode == 0
            ? string.Join(' ', asked.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal))
            : "";
    }

    /// <summary>How often the zone was changed.</summary>
    public async Task<int> SerialAsync() => int.Parse((await AskAsync(Zone, "SOA")).Split(' ')[2], CultureInfo.InvariantCulture);

    /// <summary>A file with a key: a name, and bytes that the server knows of no other.</summary>
    public string WriteKey(string file, string name, string secret)
    {
        File.WriteAllText(_directory[file], $"key \"{name}\" {{\n\talgorithm hmac-sha256;\n\tsecret \"{secret}\";\n}};\n");
        return _directory[file];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _directory.Dispose();
    }

    private async Task PrepareAsync()
    {
        var made = await ChildProcess.RunAsync("tsig-keygen", ["proxycluster"], Nothing, Limit);
        if (made.ExitCode != 0)
            throw new InvalidOperationException($"tsig-keygen ended with {made.ExitCode}:\n{made.Errors}");
        await File.WriteAllTextAsync(KeyFile, made.Output);
        await File.WriteAllTextAsync(_directory["zone"], $"""
            $TTL 60
            @ IN SOA ns.{Zone}. root.{Zone}. 1 3600 600 86400 60
            @ IN NS ns.{Zone}.
            ns IN A 127.0.0.1
            old IN CNAME ns.{Zone}.

            """);
        await File.WriteAllTextAsync(_directory["named.conf"], $$"""
            options {
                directory "{{_directory.Path}}";
                listen-on port {{Port}} { 127.0.0.1; };
                listen-on-v6 { none; };
                pid-file none;
                session-keyfile none;
                recursion no;
                dnssec-validation no;
                notify no;
                max-cache-size 1m;
            };
            controls { };
            include "{{KeyFile}}";
            zone "{{Zone}}" {
                type primary;
                file "{{_directory["zone"]}}";
                update-policy { deny proxycluster name kept.{{Zone}} ANY; grant proxycluster zonesub ANY; };
            };

            """);
    }
}
