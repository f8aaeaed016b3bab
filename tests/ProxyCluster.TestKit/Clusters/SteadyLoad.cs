namespace ProxyCluster.TestKit.Clusters;

/// <summary>
/// Clients that keep asking while something happens to the cluster: artifacts that are stored and artifacts that are not,
/// and lists; each asks the next thing when it has its answer.
/// </summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private readonly ClusterSystem _system;
    private readonly Uri[] _doors;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _clients;
    private readonly int _first;
    private readonly int _count;
    private readonly bool _isPaced;
    private int _next;

    /// <param name="system">Whom to ask.</param>
    /// <param name="doors">The front ends, asked in turn.</param>
    /// <param name="modules">The module versions to ask for, by their number in the world.</param>
    /// <param name="clients">Clients at once.</param>
    /// <param name="isPaced">True to pause between two questions of a client, so that the load leaves the machine room.</param>
    public SteadyLoad(ClusterSystem system, IEnumerable<Uri> doors, Range modules, int clients = 6, bool isPaced = true)
    {
        _system = system;
        _doors = [.. doors];
        _isPaced = isPaced;
        (_first, _count) = modules.GetOffsetAndLength(system.World.Modules.Count);
        _clients = [.. Enumerable.Range(0, clients).Select(client => Task.Run(() => AskOnAsync(client)))];
    }

    /// <summary>What became of the requests so far.</summary>
    public Tally Tally { get; } = new();

    /// <summary>Completes once so many more requests have ended.</summary>
    public async Task MoreAsync(int requests, CancellationToken cancel)
    {
        for (var wanted = Tally.Requests + requests; Tally.Requests < wanted;)
            await Task.Delay(20, cancel);
    }

    /// <summary>Lets the requests under way end, and stops.</summary>
    public async Task<Tally> StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
        return Tally;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task AskOnAsync(int client)
    {
        for (var turn = client; !_stop.IsCancellationRequested; turn++)
        {
            var n = Interlocked.Increment(ref _next);
            // Two of three ask for what was asked for lately, one for the next new thing.
            var module = _first + ((n % 3 == 0 ? n / 3 : Math.Max(0, (n / 3) - (n % 7))) % _count);
            var path = (n % 10) switch
            {
                9 => $"{_system.World.Modules[module].Module.Path.Escaped}/@v/list",
                var kind => _system.World.PathOf(module, (kind % 3) switch { 0 => ".zip", 1 => ".mod", _ => ".info" }),
            };
            await Tally.AskAsync(_system.Http, _doors[turn % _doors.Length], path, _system.World.BodyOf(path), CancellationToken.None);
            if (_isPaced)
                await Task.Delay(20, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
