using System.Text.Json;

namespace ProxyCluster.TestKit.Processes;

/// <summary>
/// The reference checksum database (tests/go/sumdbserver): the Go project's own implementation of the protocol, in a
/// process of its own, honest until told otherwise.
/// </summary>
public sealed class ChecksumDatabaseProcess : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    private readonly string _program;
    private readonly IReadOnlyList<string> _arguments;
    private ChildProcess? _process;

    private ChecksumDatabaseProcess(string program, IReadOnlyList<string> arguments)
    {
        _program = program;
        _arguments = arguments;
    }

    /// <summary>Its address, without a trailing slash.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Its name.</summary>
    public string Name { get; private set; } = "";

    /// <summary>Its verifier key; as GOSUMDB it makes go use the proxy's mirror.</summary>
    public string Key { get; private set; } = "";

    /// <summary>The GOSUMDB value that bypasses any proxy, and what the proxy itself is configured with.</summary>
    public string KeyAndUrl => $"{Key} {Url}";

    /// <summary>Starts one.</summary>
    /// <param name="program">The built sumdbserver.</param>
    /// <param name="sums">go.sum files with its records.</param>
    /// <param name="trees">Trees to hash, with further records.</param>
    /// <param name="lazy">True to let the tree grow with each new lookup.</param>
    public static async Task<ChecksumDatabaseProcess> StartAsync(
        string program, IEnumerable<string> sums, IEnumerable<string>? trees = null, bool lazy = false)
    {
        var arguments = sums.SelectMany(f => (string[])["-sums", f])
            .Concat((trees ?? []).SelectMany(t => (string[])["-tree", t]))
            .Append($"-lazy={(lazy ? "true" : "false")}");
        var database = new ChecksumDatabaseProcess(program, [.. arguments]);
        await database.StartAsync("127.0.0.1:0");
        return database;
    }

    /// <summary>Ends it.</summary>
    public async Task StopAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _process = null;
    }

    /// <summary>Starts it again at the same address, honest, with the same key and an empty count of requests.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync(new Uri(Url).Authority);
    }

    /// <summary>Misbehaves from now on, in the ways that tests/go/sumdbserver documents; none to be honest again.</summary>
    public async Task MisbehaveAsync(params IEnumerable<string> modes)
    {
        using var body = new StringContent(string.Join('\n', modes));
        using var answer = await Http.PutAsync($"{Url}/-/mode", body);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Requests to the protocol so far, as <c>GET /lookup/…</c>.</summary>
    public async Task<IReadOnlyList<string>> RequestsAsync() =>
        (await Http.GetStringAsync($"{Url}/-/requests")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task StartAsync(string address)
    {
        _process = ChildProcess.Start(_program, ["-addr", address, .. _arguments], new Dictionary<string, string>());
        try
        {
            var line = await _process.FirstLine.WaitAsync(TimeSpan.FromSeconds(60));
            var started = JsonSerializer.Deserialize<Dictionary<string, string>>(line)!;
            (Url, Name, Key) = (started["url"], started["name"], started["key"]);
        }
        catch
        {
            await StopAsync();
            throw;
        }
    }
}
