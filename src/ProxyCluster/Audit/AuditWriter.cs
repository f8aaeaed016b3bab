using System.Globalization;
using Microsoft.Extensions.Options;
using ProxyCluster.Joining;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Audit;

/// <summary>The one writer of the log: takes what waits, in lots, and acknowledges each lot when it is on the disk.</summary>
internal sealed partial class AuditWriter(
    AuditLog log, AuditSent sent, OtlpLogs exported, AuditMemberNow member, IOptions<AuditOptions> options, TimeProvider clock, ILogger<AuditWriter> logger)
    : HostedLoop(clock, logger)
{
    // So that a lot is written, and a file no longer than it should be, while more comes all the time.
    private const int MaxLot = 4096;

    private readonly AuditAddresses _addresses = AuditAddresses.Of(options.Value);
    private AuditFiles? _files;

    /// <inheritdoc/>
    protected override IEnumerable<Turn> Strands => log.IsOn ? [TurnAsync] : [];

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (!log.IsOn && options.Value.Enabled)
            Log.NoPlace(Logger);
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (_files is not { } files)
            return;
        try
        {
            // What the other rooms said on their way out.
            while (log.Queue.TryPeek(out _))
                WriteLot(files);
            Append(files, new(Clock.GetUtcNow(), AuditWord.Stop));
            Commit(files);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.EndNotWritten(Logger, e.Message);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _files?.Dispose();
    }

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        // 1. Open, and what an earlier turn could not write.
        if ((_files ??= OpenOrNull()) is not { } files)
            return false;
        Commit(files);

        // 2. Something, and what comes soon after it.
        await log.Queue.WaitToReadAsync(stop);
        if (options.Value.GatherFor > TimeSpan.Zero)
            await Task.Delay(options.Value.GatherFor, Clock, stop);
        WriteLot(files);
        return true;
    }

    private AuditFiles? OpenOrNull()
    {
        try
        {
            var files = AuditFiles.Open(options.Value.Directory, options.Value, Clock.GetUtcNow());
            if (files.CutOff > 0)
                Log.CutOff(Logger, options.Value.Directory, files.CutOff, files.Next - 1);
            if (files.SetAside is { } aside)
                Log.SetAside(Logger, options.Value.Directory, aside);
            Append(files, new(Clock.GetUtcNow(), AuditWord.Start)
            {
                Text = BuildInfo.Version
                    + (files.CutOff > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {files.CutOff} bytes of an unfinished line were cut off") : "")
                    + (files.SetAside is null ? "" : $"; the log that was here is damaged, and in {files.SetAside}"),
            });
            return files;
        }
        catch (IOException e) when ((e.HResult & 0xffff) == (OperatingSystem.IsWindows() ? 19 : 30))
        {
            // A file system that is mounted read-only, on purpose.
            log.GiveUp();
            Log.ReadOnly(Logger, options.Value.Directory);
            return null;
        }
    }

    private void WriteLot(AuditFiles files)
    {
        var now = Clock.GetUtcNow();
        if (files.RotateIfDue(now) && files.Retire(now, sent.Sequence) is { Last: > 0 } gone)
        {
            Append(files, new(now, AuditWord.Retired) { Text = string.Create(CultureInfo.InvariantCulture, $"lines up to {gone.Last}") });
            if (gone.Unsent > 0)
                Log.NotSent(Logger, gone.Unsent);
        }

        if (log.TakeLost() is > 0 and var lost)
        {
            Append(files, new(now, AuditWord.Lost) { Text = string.Create(CultureInfo.InvariantCulture, $"{lost} events were left out before this line: the queue was full") });
            Log.Lost(Logger, lost);
        }

        for (var i = 0; i < MaxLot && log.Queue.TryRead(out var happened); i++)
            Append(files, happened);
        Commit(files);
    }

    private void Append(AuditFiles files, AuditEvent happened)
    {
        var line = AuditLine.Of(happened, files.Next, member(), _addresses.WriteOrNull(happened.Address));
        files.Append(line);
        if (exported.IsOn)
            exported.Write(line.Event, Values(line));
    }

    private void Commit(AuditFiles files)
    {
        var lines = files.Gathered;
        files.Commit();
        if (lines > 0)
            log.Acknowledge(new(files.Log, files.Committed), lines);
    }

    // The first one is the event: what a record is called.
    private static List<KeyValuePair<string, object?>> Values(AuditLine line)
    {
        List<KeyValuePair<string, object?>> values = [new("audit.event", line.Event), new("audit.sequence", line.Seq), new("audit.policy", line.Policy)];
        foreach (var (name, of) in AuditLine.Texts.Skip(1))
        {
            if (of(line) is { } value)
                values.Add(new($"audit.{name}", value));
        }

        return values;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "This front end keeps no audit log of what it decides and answers itself: Audit:Directory names no place for one")]
        public static partial void NoPlace(ILogger logger);

        [LoggerMessage(LogLevel.Warning, "The audit log is off: {Directory} is on a file system that is mounted read-only")]
        public static partial void ReadOnly(ILogger logger, string directory);

        [LoggerMessage(LogLevel.Warning, "The audit log in {Directory} ended in the middle of a line: {Bytes} bytes were cut off, and it goes on behind line {Sequence}")]
        public static partial void CutOff(ILogger logger, string directory, long bytes, long sequence);

        [LoggerMessage(LogLevel.Critical, "The audit log in {Directory} is damaged and cannot be gone on with: it was moved to {Aside}, and a new one was begun. 'proxycluster audit verify --set Audit:Directory=…' says what is wrong there")]
        public static partial void SetAside(ILogger logger, string directory, string aside);

        [LoggerMessage(LogLevel.Error, "{Count} events are missing from the audit log: they came faster than the disk took them")]
        public static partial void Lost(ILogger logger, long count);

        [LoggerMessage(LogLevel.Error, "{Count} lines of the audit log were removed for their size before the database had them")]
        public static partial void NotSent(ILogger logger, long count);

        [LoggerMessage(LogLevel.Error, "The end of the audit log could not be written: {Reason}")]
        public static partial void EndNotWritten(ILogger logger, string reason);
    }
}
