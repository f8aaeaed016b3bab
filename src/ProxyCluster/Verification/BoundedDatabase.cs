using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.Joining;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Verification;

/// <summary>
/// Stands before a checksum database, as the limits of the chain stand before upstreams: so many lookups at once, a rest after
/// so many outages in a row, and a short memory of what it does not know. Whoever asks for a thousand unknown names asks the
/// database for as many as it may be asked, and for each of them once.
/// <para>
/// Tiles and trees are read for a lookup that had its turn, or for a client, of which the mirror lets in so many at once; many
/// wait for one read, so it waits for nobody's turn.
/// </para>
/// <para>
/// A read that has to wait longer than the queue allows is no outage: a crowd must not have modules pass unproven. After a rest one
/// read goes through, and its end decides; one that is given up decides nothing.
/// </para>
/// </summary>
internal sealed class BoundedDatabase(IChecksumDatabaseRemote inner, string name, VerificationOptions options, TimeProvider clock, ClientWindow clients)
    : IChecksumDatabaseRemote, IDisposable
{
    private const long AbsentBytes = 8 << 20;

    private readonly FairTurns _turns = new(options.MaxConcurrentRequests, options.MaxWaiting, clock, clients);
    private readonly FairTurns _tiles = new(options.MaxConcurrentRequests, options.MaxWaiting, clock, clients);
    private readonly ShortMemory<string> _absent = new(AbsentBytes, options.AbsentFor, clock);

    // Guards the rest.
    private readonly Lock _lock = new();
    private int _outages;
    private long _restsSince;
    private bool _isProbing;

    public async ValueTask<RemoteRead> ReadAsync(string path, CancellationToken cancellationToken)
    {
        // 1. Known not to be there.
        if (_absent.FindOrNull(path) is { } absent)
            return RemoteRead.NotFound(absent);

        // 2. In its turn.
        var isLookup = path.StartsWith("lookup/", StringComparison.Ordinal);
        using var turn = isLookup ? await _turns.TakeAsync(options.QueueTimeout, cancellationToken).ConfigureAwait(false) : null;
        if (isLookup && turn is null)
            return RemoteRead.Overloaded($"too many requests are waiting for {name}");

        // 3. Unless it rests.
        return RestOrNull() is { } rest
            ? RemoteRead.Unavailable($"{name} is not asked for the moment, after failing repeatedly", rest)
            : await ReadAndLearnAsync(path, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A turn for a tile that a client of the mirror asks for; null where there is none.</summary>
    public ValueTask<FairTurns.Turn?> TakeTileTurnAsync(CancellationToken cancellationToken) => _tiles.TakeAsync(options.QueueTimeout, cancellationToken);

    public void Dispose()
    {
        _turns.Dispose();
        _tiles.Dispose();
    }

    private async ValueTask<RemoteRead> ReadAndLearnAsync(string path, CancellationToken cancellationToken)
    {
        RemoteStatus? learned = null;
        try
        {
            var read = await inner.ReadAsync(path, cancellationToken).ConfigureAwait(false);
            learned = read.Status;
            if (read.Status == RemoteStatus.NotFound)
                _absent.Remember(path, read.Message, read.Message);
            return read;
        }
        finally
        {
            Learn(learned);
        }
    }

    private TimeSpan? RestOrNull()
    {
        lock (_lock)
        {
            if (_outages < options.BreakerThreshold)
                return null;
            var rested = clock.GetElapsedTime(_restsSince);
            if (rested < options.BreakerPause || _isProbing)
                return rested < options.BreakerPause ? options.BreakerPause - rested : TimeSpan.FromSeconds(1);
            _isProbing = true;
            return null;
        }
    }

    private void Learn(RemoteStatus? status)
    {
        lock (_lock)
        {
            _isProbing = false;
            if (status is null)
                return;
            _outages = status == RemoteStatus.Unavailable ? _outages + 1 : 0;
            _restsSince = clock.GetTimestamp();
        }
    }
}
