using Microsoft.Extensions.Options;
using Npgsql;
using ProxyCluster.Joining;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Audit.Postgres;

/// <summary>
/// Sends the log to a database, from its files: they are what waits while it is away.
/// <para>
/// <b>Where it goes on.</b> The database itself says which line of this log it has last, at the first look and after every failure; the lines
/// behind it are sent in their order, a batch whole or not at all. So none is there twice and none is missing, whichever
/// side ended in the middle. Road not taken: a cursor of our own on the disk, which is one more thing that can be wrong when a
/// commit's answer was lost, or when the database was put back to yesterday's backup.
/// </para>
/// </summary>
internal sealed partial class AuditShipper : HostedLoop
{
    private const int MaxBatch = 5000;

    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    private readonly AuditLog _log;
    private readonly AuditSent _sent;
    private readonly AuditOptions _options;
    private readonly AuditTable? _table;
    private Position? _position;
    private string? _complaint;

    public AuditShipper(AuditLog log, AuditSent sent, ProxyMetrics metrics, IOptions<AuditOptions> options, TimeProvider clock, ILogger<AuditShipper> logger)
        : base(clock, logger)
    {
        (_log, _sent, _options) = (log, sent, options.Value);
        if (!log.IsOn || _options.Postgres.Length == 0)
            return;
        _table = new AuditTable(_options.Postgres);

        // Nothing may be assumed to be there before the database has said so.
        sent.Sequence = 0;
        metrics.ObserveAuditBacklog(() => Math.Max(0, log.Place.Head.Sequence - sent.Sequence));
    }

    /// <inheritdoc/>
    protected override IEnumerable<Turn> Strands => _table is null ? [] : [TurnAsync];

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (_table is not null)
            await _table.DisposeAsync();
    }

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        var place = _log.Place;
        try
        {
            if (place.Log.Length > 0 && await SendAsync(_table!, place, stop))
                return true;
            await Task.Delay(_options.PostgresEvery, Clock, stop);
        }
        catch (Exception e) when (!stop.IsCancellationRequested && (e is NpgsqlException or TimeoutException or IOException or System.Net.Sockets.SocketException))
        {
            // Once for each reason.
            if (_complaint != e.Message)
                Log.Away(Logger, e.Message);
            (_complaint, _position) = (e.Message, null);
            await Task.Delay(AfterFailure, Clock, stop);
        }

        return true;
    }

    // True where there may be more at once.
    private async Task<bool> SendAsync(AuditTable table, AuditPlace place, CancellationToken stop)
    {
        // 1. Where were we?
        if (_position is not { } position)
        {
            await table.PrepareAsync(stop);
            position = new(await table.LastAsync(place.Log, stop), "", 0);
            _sent.Sequence = position.Sequence;
            _position = position;
            if (_complaint is not null)
                Log.Back(Logger, Math.Max(0, place.Head.Sequence - position.Sequence));
            _complaint = null;
        }

        if (position.Sequence >= place.Head.Sequence)
            return false;

        // 2. What is behind it and acknowledged.
        var batch = new List<AuditLine>();
        foreach (var (line, at) in Behind(position, place.Head.Sequence).Take(MaxBatch))
        {
            batch.Add(line);
            position = at;
        }

        // 3. All of it, or nothing.
        if (batch.Count == 0)
            return false;
        await table.AddAsync(place.Log, batch, stop);
        _position = position;
        _sent.Sequence = position.Sequence;
        return batch.Count == MaxBatch;
    }

    private IEnumerable<(AuditLine Line, Position At)> Behind(Position position, long last)
    {
        var files = AuditFileName.In(_options.Directory);
        for (var i = 0; i < files.Count; i++)
        {
            // Its last line is the one before the next file's first.
            if (i + 1 < files.Count && files[i + 1].Name.Sequence <= position.Sequence + 1)
                continue;
            var path = files[i].Path;
            foreach (var (bytes, next) in AuditFileLines.From(path, path == position.Path ? position.Offset : 0))
            {
                if (AuditLine.ReadOrNull(bytes.Span) is not { } line || line.Seq <= position.Sequence)
                    continue;
                if (line.Seq > last)
                    yield break;
                yield return (line, new(line.Seq, path, next));
            }
        }
    }

    /// <summary>A line that the database has, and where the next one begins.</summary>
    private sealed record Position(long Sequence, string Path, long Offset);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The audit log's database cannot be written to; the lines wait in their files: {Reason}")]
        public static partial void Away(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Information, "The audit log's database is back; {Count} lines have waited for it")]
        public static partial void Back(ILogger logger, long count);
    }
}
