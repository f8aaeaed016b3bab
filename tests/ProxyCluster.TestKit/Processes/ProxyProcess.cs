using System.Globalization;
using System.Net;

namespace ProxyCluster.TestKit.Processes;

/// <summary>The built product, <c>proxycluster serve</c>, in a process of its own.</summary>
public sealed class ProxyProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    private readonly ChildProcess _process;

    private ProxyProcess(ChildProcess process, string url)
    {
        _process = process;
        Url = url;
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = 1024 })
        {
            BaseAddress = new Uri(url + "/"),
            Timeout = TimeSpan.FromMinutes(3),
        };
    }

    /// <summary>Its address, without a trailing slash; also its GOPROXY value.</summary>
    public string Url { get; }

    /// <summary>Asks it.</summary>
    public HttpClient Http { get; }

    /// <summary>Everything it logged so far.</summary>
    public string Log => _process.Output + _process.Errors;

    /// <summary>Starts one and waits until it is ready.</summary>
    public static async Task<ProxyProcess> StartAsync(ProxySettings settings)
    {
        var proxy = StartWithoutWaiting(settings);
        try
        {
            await proxy.ReadyAsync();
            return proxy;
        }
        catch
        {
            await proxy.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one; it may not listen yet.</summary>
    public static ProxyProcess StartWithoutWaiting(ProxySettings settings)
    {
        var url = $"http://127.0.0.1:{LoopbackPort.Free()}";
        IEnumerable<string> arguments =
        [
            settings.Executable, "serve", "--urls", url, "--data", settings.Data, "--upstream", settings.Upstream,
            "--sumdb", settings.ChecksumDatabase, "--no-sumdb", settings.NoChecksumDatabase, .. settings.MoreArguments,
        ];
        var environment = EnvironmentIn(settings.Data);
        foreach (var (name, value) in settings.Environment)
            environment[name] = value;
        return new ProxyProcess(ChildProcess.Start(DotNet, arguments, environment), url);
    }

    /// <summary><c>proxycluster verify</c> on a data directory that no process uses.</summary>
    public static Task<ProcessResult> VerifyAsync(string data) =>
        ChildProcess.RunAsync(DotNet, [Repository.Executable, "verify", "--data", data, "--json"], EnvironmentIn(data), StopLimit);

    /// <summary>Waits until it says that it is ready.</summary>
    public async Task ReadyAsync()
    {
        using var late = new CancellationTokenSource(StartLimit);
        while (true)
        {
            try
            {
                using var answer = await Http.GetAsync("readyz", late.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"the proxy was not ready within {StartLimit}; its log:\n{Log}", e);
            }

            if (_process.HasExited)
                throw new InvalidOperationException($"the proxy ended with {_process.ExitCode}; its log:\n{Log}");
            // Nothing signals "listening" from inside another process; asking again is all there is.
            await Task.Delay(20);
        }
    }

    /// <summary>The sum of a metric's series whose labels contain all of the given <c>name="value"</c> texts.</summary>
    public async Task<double> MetricAsync(string name, params IReadOnlyList<string> labels)
    {
        var sum = 0d;
        foreach (var line in (await Http.GetStringAsync("metrics")).Split('\n'))
        {
            if (!line.StartsWith(name, StringComparison.Ordinal) || line.Length == name.Length || line[name.Length] is not ('{' or ' '))
                continue;
            if (!labels.All(l => line.Contains(l, StringComparison.Ordinal)))
                continue;
            var value = line[(line.LastIndexOf(' ') + 1)..];
            sum += double.Parse(value, CultureInfo.InvariantCulture);
        }

        return sum;
    }

    /// <summary><c>kill -9</c>.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>SIGSTOP: its connections stay open and nothing answers.</summary>
    public void Freeze() => _process.Freeze();

    /// <summary>SIGCONT.</summary>
    public void Resume() => _process.Resume();

    /// <summary>SIGTERM; gives the exit code.</summary>
    public Task<int> StopAsync() => _process.StopAsync(StopLimit);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _process.DisposeAsync();
    }

    private static string DotNet =>
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    // No Go setting and no proxy of the machine may reach the process. Its home is nobody's.
    private static Dictionary<string, string> EnvironmentIn(string data)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = Path.GetDirectoryName(Path.GetFullPath(data))!,
            ["DOTNET_NOLOGO"] = "1",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        };
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { } root)
            environment["DOTNET_ROOT"] = root;
        return environment;
    }
}
