using System.Globalization;
using System.Net;
using ProxyCluster.Demo;
using ProxyCluster.Drills.Relays;

namespace ProxyCluster.Drills;

/// <summary>
/// What lies outside of the cluster: an upstream that counts what it is asked and can be taken away or turned sour, and a
/// genuine checksum database over what the upstream has.
/// </summary>
internal sealed class DrillWorld : IAsyncDisposable
{
    private readonly EmbeddedUpstream _upstream;
    private readonly EmbeddedChecksumDatabase _database;
    private readonly Relay _line;

    private DrillWorld(EmbeddedUpstream upstream, EmbeddedChecksumDatabase database, TimeProvider clock)
    {
        _upstream = upstream;
        _database = database;
        _line = Relay.Start(new IPEndPoint(IPAddress.Loopback, new Uri(upstream.Url).Port), clock);
    }

    /// <summary>The upstream's address, in GOPROXY's syntax.</summary>
    public string Upstream => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_line.Port}");

    /// <summary>The checksum database, in GOSUMDB's syntax, with its address.</summary>
    public string SumDb => _database.Setting;

    /// <summary>The checksum database's key alone, for clients that reach it through the proxy.</summary>
    public string SumDbKey => _database.Key.ToString();

    /// <summary>Whether upstream cannot or will not answer now.</summary>
    public bool IsUpstreamAway => _line.There.State != LaneState.Open || _upstream.IsRefusing;

    /// <summary>How often each artifact was sent, by path.</summary>
    public IEnumerable<KeyValuePair<string, int>> ArtifactsSent =>
        _upstream.Requests.Where(static asked => !asked.Key.EndsWith("/list", StringComparison.Ordinal)
            && !asked.Key.EndsWith("/@latest", StringComparison.Ordinal));

    /// <summary>All requests that upstream answered in full.</summary>
    public int TotalSent => _upstream.TotalRequests;

    /// <summary>Starts both.</summary>
    public static async Task<DrillWorld> StartAsync(IReadOnlyList<PackedModule> modules, TimeSpan upstreamDelay, TimeProvider clock, CancellationToken cancel)
    {
        var upstream = await EmbeddedUpstream.StartAsync(modules, upstreamDelay, clock, cancel);
        try
        {
            return new DrillWorld(upstream, await EmbeddedChecksumDatabase.StartAsync(modules, cancel), clock);
        }
        catch
        {
            await upstream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Upstream is away: connections are refused and open ones break.</summary>
    public void TakeUpstreamAway() => _line.Switch(LaneState.Cut);

    /// <summary>Upstream has had enough of us: 429 with <c>Retry-After: 1</c>.</summary>
    public void LetUpstreamRefuse() => _upstream.IsRefusing = true;

    /// <summary>Undoes both.</summary>
    public void Heal()
    {
        _upstream.IsRefusing = false;
        _line.Switch(LaneState.Open);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _line.DisposeAsync();
        await _database.DisposeAsync();
        await _upstream.DisposeAsync();
    }
}
