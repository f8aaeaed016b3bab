using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ProxyCluster.Drills.Topology;

/// <summary>
/// One process of a cluster, through all of its lives: it can be killed, frozen, stopped and started again, and answers
/// where it did before.
/// </summary>
internal sealed class ClusterProcess(ProcessPlan plan, HttpClient http, TimeProvider clock) : IAsyncDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(10);

    private Process? _process;

    /// <summary>How it is started.</summary>
    public ProcessPlan Plan => plan;

    /// <summary>Unique in the cluster.</summary>
    public string Name => plan.Name;

    /// <summary>Its region.</summary>
    public string Region => plan.Region;

    /// <summary>What it is.</summary>
    public ProcessKind Kind => plan.Kind;

    /// <summary>Where it answers.</summary>
    public Uri Url => plan.Url;

    /// <summary>The id of its present life; null while it has none.</summary>
    public int? ProcessId => _process is { HasExited: false } process ? process.Id : null;

    /// <summary>Starts it. It may not listen yet; see <see cref="WaitAsync(CancellationToken)"/>.</summary>
    public async Task StartAsync()
    {
        if (ProcessId is { } id)
            throw new InvalidOperationException($"{Name} runs already, as process {id}");
        _process?.Dispose();
        _process = await ProcessNursery.StartAsync(plan).ConfigureAwait(false);
    }

    /// <summary>Waits until it says that it is ready, and on a cluster's engine.</summary>
    /// <exception cref="InvalidOperationException">It ended; holds the end of its log.</exception>
    public Task WaitAsync(CancellationToken cancel) => WaitAsync(static _ => true, cancel);

    /// <summary>Waits until it is ready and its report satisfies <paramref name="wanted"/>.</summary>
    /// <exception cref="InvalidOperationException">It ended; holds the end of its log.</exception>
    public async Task WaitAsync(Func<string, bool> wanted, CancellationToken cancel)
    {
        while (!(await TryReportAsync(cancel).ConfigureAwait(false) is { } report && wanted(report)))
        {
            if (ProcessId is null)
                throw new InvalidOperationException($"{Name} ended before it was ready; the end of {plan.Log}:\n{EndOfLog()}");
            // Nothing signals "ready" from inside another process; asking again is all there is.
            await Task.Delay(LookAgain, clock, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>What it says of itself if it is ready; null otherwise.</summary>
    public async Task<string?> TryReportAsync(CancellationToken cancel)
    {
        try
        {
            if (plan.ReadyPath is null)
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, Url.Port, cancel).ConfigureAwait(false);
                return "";
            }

            using var answer = await http.GetAsync(new Uri(Url, plan.ReadyPath), cancel).ConfigureAwait(false);
            return answer.StatusCode == HttpStatusCode.OK
                ? await answer.Content.ReadAsStringAsync(cancel).ConfigureAwait(false)
                : null;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException
            || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary><c>kill -9</c>, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
            return;
        if (!process.HasExited)
            Signals.TrySend(process.Id, Signals.Kill);
        await process.WaitForExitAsync(CancellationToken.None).WaitAsync(KillLimit, clock).ConfigureAwait(false);
    }

    /// <summary>SIGSTOP: connections stay open and nothing answers.</summary>
    public void Freeze()
    {
        if (ProcessId is { } id)
            Signals.Freeze(id);
    }

    /// <summary>SIGCONT: it goes on as if nothing had been.</summary>
    public void Thaw()
    {
        if (ProcessId is { } id)
            Signals.TrySend(id, Signals.Continue);
    }

    /// <summary>SIGTERM, and SIGKILL if it has not ended within the limit. False if it came to that.</summary>
    public async Task<bool> StopAsync(TimeSpan limit)
    {
        if (_process is not { } process)
            return true;
        if (!process.HasExited)
        {
            Signals.TrySend(process.Id, Signals.Terminate);
            Signals.TrySend(process.Id, Signals.Continue);
        }

        try
        {
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(limit, clock).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            await KillAsync().ConfigureAwait(false);
            return false;
        }
    }

    /// <summary>The last lines of its log.</summary>
    public string EndOfLog(int lines = 20) =>
        File.Exists(plan.Log) ? string.Join('\n', File.ReadLines(plan.Log).TakeLast(lines)) : "(no log)";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync().ConfigureAwait(false);
        _process?.Dispose();
        _process = null;
    }
}
