using System.Text.RegularExpressions;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.TestKit.Azurite;

/// <summary>
/// One real Azurite, the emulator of Azure Storage that infra/install-azurite puts into the clone's cache, on free loopback
/// ports with a directory of its own. It can be frozen.
/// </summary>
public sealed partial class AzuriteProcess : IAsyncDisposable
{
    /// <summary>The account that every Azurite has.</summary>
    public const string Account = "devstoreaccount1";

    /// <summary>Its published key (Microsoft Learn, "Use the Azurite emulator").</summary>
    public const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly ScratchDirectory _scratch = new();
    private ChildProcess? _process;

    /// <summary>The account's address, without a trailing slash.</summary>
    public string Endpoint { get; private set; } = "";

    /// <summary>The account's address for tables; empty without them.</summary>
    public string TableEndpoint { get; private set; } = "";

    /// <summary>Its port.</summary>
    public int Port => new Uri(Endpoint).Port;

    /// <summary>The account's address as seen through a relay.</summary>
    public static string EndpointAt(int port) => $"http://127.0.0.1:{port}/{Account}";

    /// <summary>The connection string of an account's address.</summary>
    public static string ConnectionTo(string endpoint, string key = Key) => $"AccountName={Account};AccountKey={key};BlobEndpoint={endpoint}";

    /// <summary>Starts one for blobs and waits until it listens.</summary>
    /// <param name="more">Further flags, such as <c>--cert</c>.</param>
    /// <exception cref="ToolMissingException">Azurite or node is not installed.</exception>
    public static Task<AzuriteProcess> StartAsync(params IReadOnlyList<string> more) => StartAsync("blob/main.js", more);

    /// <summary>Starts one for blobs and tables and waits until it listens.</summary>
    /// <exception cref="ToolMissingException">Azurite or node is not installed.</exception>
    public static Task<AzuriteProcess> StartWithTablesAsync() =>
        StartAsync("azurite.js", ["--queueHost", "127.0.0.1", "--queuePort", "0", "--tableHost", "127.0.0.1", "--tablePort", "0"]);

    private static async Task<AzuriteProcess> StartAsync(string program, IReadOnlyList<string> more)
    {
        var main = Path.Combine(Repository.Cache, "azurite", "node_modules", "azurite", "dist", "src", program);
        if (!File.Exists(main))
            throw new ToolMissingException("Azurite is not installed (infra/install-azurite)");

        var azurite = new AzuriteProcess();
        try
        {
            await azurite.RunAsync(main, more);
            return azurite;
        }
        catch
        {
            await azurite.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops it in its tracks: connections stay open and nothing answers.</summary>
    public void Freeze() => _process!.Freeze();

    /// <summary>Lets it go on.</summary>
    public void Resume() => _process!.Resume();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        if (_process is not null)
            await _process.DisposeAsync();
        _scratch.Dispose();
    }

    private async Task RunAsync(string main, IReadOnlyList<string> more)
    {
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        _process = ChildProcess.Start(
            "node",
            // In memory: on disk Azurite appends all blobs to shared files, and an upload that is cut off midway can shift
            // those that come after it.
            [main, "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--silent", "--disableTelemetry", .. more],
            new Dictionary<string, string> { ["HOME"] = _scratch.Path });
        await _process.FirstLine.WaitAsync(StartLimit);
        var late = TimeProvider.System.GetTimestamp() + (long)(StartLimit.TotalSeconds * TimeProvider.System.TimestampFrequency);
        while (Endpoint.Length == 0)
        {
            // The whole one begins to listen for tables last.
            var lines = Listening().Matches(_process.Output).ToDictionary(
                static line => line.Groups[1].Value, static line => $"{line.Groups[2].Value}/{Account}");
            if (lines.TryGetValue("Blob", out var blobs) && (lines.TryGetValue("Table", out var tables) || !more.Contains("--tablePort")))
                (Endpoint, TableEndpoint) = (blobs, tables ?? "");
            else if (_process.HasExited || TimeProvider.System.GetTimestamp() > late)
                throw new InvalidOperationException($"Azurite did not start within {StartLimit}:\n{_process.Output}{_process.Errors}");
            else
                await Task.Delay(10); // its second line is on its way
        }
    }

    // A test run that is ended half way must not leave one behind.
    private void OnExit(object? sender, EventArgs e) => _process?.KillAsync().Wait();

    [GeneratedRegex(@"(\w+) service (?:successfully listens on|is successfully listening at) (https?://127\.0\.0\.1:\d+)")]
    private static partial Regex Listening();
}
