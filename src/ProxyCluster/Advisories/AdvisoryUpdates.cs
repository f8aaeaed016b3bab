using System.IO.Compression;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ProxyCluster.Credentials;
using ProxyCluster.Joining;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Advisories;

/// <summary>
/// Follows the database of advisories. What cannot be had changes nothing: those in force stay, and how old they are is said
/// (<see cref="Describe"/>, metrics); a silo is not less ready for it.
/// </summary>
internal sealed partial class AdvisoryUpdates : HostedLoop
{
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromMinutes(1);

    private readonly AdvisoryBook _book;
    private readonly KeptAdvisories _kept;
    private readonly AdvisoryOptions _options;
    private readonly IAdvisorySource? _source;
    private Look _last = new(null, null);

    public AdvisoryUpdates(
        AdvisoryBook book, KeptAdvisories kept, IOptions<AdvisoryOptions> options, Logins logins, ProxyMetrics metrics, TimeProvider clock, ILogger<AdvisoryUpdates> logger)
        : base(clock, logger)
    {
        (_book, _kept, _options) = (book, kept, options.Value);
        if (_options.Database is not { } database)
            return;
        _source = AdvisorySources.Open(database, Directory.GetCurrentDirectory(), logins, _options, clock);
        metrics.ObserveAdvisories(() => book.Current.Count, () => _last.SucceededAt is { } at ? (clock.GetUtcNow() - at).TotalSeconds : double.PositiveInfinity);
    }

    /// <inheritdoc/>
    protected override IEnumerable<Turn> Strands => _source is null ? [] : [TurnAsync];

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // In force before anybody is answered.
        if (_source is not null && _kept.LoadOrNull() is { } kept)
        {
            _book.Take(kept);
            Log.Loaded(Logger, kept.Count, kept.Newest);
        }

        return base.StartAsync(cancellationToken);
    }

    /// <summary>A line for people about how they stand; null where there are to be none.</summary>
    public string? Describe()
    {
        if (_source is null)
            return null;
        var (set, last, now) = (_book.Current, _last, Clock.GetUtcNow());
        var of = set.Newest is { } newest ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $", the newest of {newest.UtcDateTime:yyyy-MM-dd}") : "";
        var asked = last.SucceededAt is { } at ? $"looked for newer ones {Ago(now - at)}" : "no look for newer ones has succeeded since the start";
        return $"{set.Count}{of}; {asked}{(last.Trouble is { } trouble ? $"; {trouble}" : "")}";
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        (_source as IDisposable)?.Dispose();
        base.Dispose();
    }

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        await LookAsync(stop);
        await Task.Delay(_last.Trouble is not null && _options.Every > AfterTrouble ? AfterTrouble : _options.Every, Clock, stop);
        return true;
    }

    /// <summary>One look for newer ones.</summary>
    internal async Task LookAsync(CancellationToken stop)
    {
        var before = _last;
        try
        {
            var zip = new MemoryStream();
            AdvisoryCollection records;
            AdvisoryStamp? stamp;
            using (var known = _kept.OpenOrNull())
            using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
            {
                records = new AdvisoryCollection(_options, archive);
                stamp = await _source!.TakeAsync(new AdvisoryAsk(known is null ? null : _kept.Stamp, known), records, stop);
                if (stamp is not null)
                {
                    using var entry = archive.CreateEntry(KeptAdvisories.StampName).Open();
                    await JsonSerializer.SerializeAsync(entry, stamp, AdvisoryJson.Default.AdvisoryStamp, stop);
                }
            }

            if (stamp is not null)
                Take(zip.ToArray(), records, stamp);
            _last = new Look(Clock.GetUtcNow(), stamp is { IsPartial: true } ? "some records could not be had" : null);
            if (before.Trouble is not null && _last.Trouble is null)
                Log.WellAgain(Logger, _options.Database!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _last = before with { Trouble = LogText.Clean(e.Message, LogText.MaxValue) };
            if (before.Trouble is null)
                Log.NotHad(Logger, _options.Database!, _last.Trouble);
        }
    }

    private void Take(byte[] zip, AdvisoryCollection records, AdvisoryStamp stamp)
    {
        // One that has lost all its records at once has lost them, not answered for them.
        if (records.Advisories.Count == 0)
            throw new AdvisoryException("none of its records can be read" + (records.Faults is [var first, ..] ? $"; {first}" : ""));

        _book.Take(_kept.Keep(zip, records, stamp));
        Log.Taken(Logger, records.Advisories.Count, _options.Database!);
        if (records.Broken > 0)
            Log.Broken(Logger, records.Broken, LogText.Clean(string.Join("; ", records.Faults), LogText.MaxLine));
    }

    private static string Ago(TimeSpan time) => time switch
    {
        { TotalDays: >= 2 } => $"{(int)time.TotalDays} days ago",
        { TotalHours: >= 2 } => $"{(int)time.TotalHours} hours ago",
        _ => $"{Math.Max(0, (int)time.TotalMinutes)} minutes ago",
    };

    /// <summary>When a look succeeded last, and why the newest one did not.</summary>
    private sealed record Look(DateTimeOffset? SucceededAt, string? Trouble);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Count} advisories are in force from the disk, the newest of {Newest}")]
        public static partial void Loaded(ILogger logger, int count, DateTimeOffset? newest);

        [LoggerMessage(LogLevel.Information, "{Count} advisories of {Database} are in force")]
        public static partial void Taken(ILogger logger, int count, string database);

        [LoggerMessage(LogLevel.Warning, "{Count} records of advisories were left out: {Faults}")]
        public static partial void Broken(ILogger logger, int count, string faults);

        [LoggerMessage(LogLevel.Warning, "Advisories of {Database} could not be had; those in force stay: {Reason}")]
        public static partial void NotHad(ILogger logger, string database, string reason);

        [LoggerMessage(LogLevel.Information, "{Database} can be had again")]
        public static partial void WellAgain(ILogger logger, string database);
    }
}
