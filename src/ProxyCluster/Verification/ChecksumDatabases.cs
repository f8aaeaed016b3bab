using Microsoft.Extensions.Options;
using ProxyCluster.Audit;
using ProxyCluster.Credentials;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.Joining;
using ProxyCluster.Sockets;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Verification;

/// <summary>The configured checksum databases: the one that proves modules, and all that are mirrored.</summary>
internal sealed partial class ChecksumDatabases : IDisposable, IAsyncDisposable
{
    private readonly List<IDisposable> _lines = [];
    private readonly ProxyMetrics _metrics;
    private readonly AuditLog? _audit;
    private readonly ILogger<ChecksumDatabases> _logger;

    public ChecksumDatabases(
        IOptions<VerificationOptions> options,
        ProofDirectory directory,
        TimeProvider clock,
        ProxyMetrics metrics,
        ILoggerFactory loggers,
        Logins logins,
        IDatabaseWays ways,
        AuditLog? audit = null)
    {
        _metrics = metrics;
        _audit = audit;
        _logger = loggers.CreateLogger<ChecksumDatabases>();

        List<Database> all = [];
        foreach (var text in options.Value.Mirrored.Prepend(options.Value.SumDb))
        {
            if (!ChecksumDatabaseSetting.TryParse(text, out var setting, out var error))
                throw new OptionsValidationException(VerificationOptions.Section, typeof(VerificationOptions), [error]);
            if (setting is not { Key: { } key } || all.Exists(known => known.Name == key.Name))
                continue;

            var cache = new DiskChecksumDatabaseCache(
                directory, key.Name, loggers.CreateLogger<DiskChecksumDatabaseCache>());

            // Connections of its own, since a redirect is judged by whose it is.
            var (straight, detours) = (setting.Place(logins), setting.HasOwnUrl ? [] : ways.Upstreams);
            var guard = new RedirectGuard(detours.Append(straight).Select(static way => way.Url), options.Value.AllowPrivateRedirects);
            var http = new HttpMessageInvoker(HttpChecksumDatabaseSource.Handler(options.Value, guard));
            var source = new BoundedDatabase(
                new HttpChecksumDatabaseSource(http, key.Name, straight, detours, options.Value, clock), key.Name, options.Value, clock, metrics.Clients);
            _lines.AddRange([http, source]);
            all.Add(new Database(
                key,
                new ChecksumDatabaseClient(key, source, cache, healed => Tell(key.Name, cache, healed)),
                new ChecksumDatabaseClient(key, new NobodyAsked(), cache, healed => Tell(key.Name, cache, healed)),
                cache,
                source));
        }

        All = all;
        PrimaryOrNull = options.Value.SumDb.Trim() == "off" ? null : all[0];
    }

    /// <summary>Every configured database.</summary>
    public IReadOnlyList<Database> All { get; }

    /// <summary>The database that proves modules; null for <c>off</c>.</summary>
    public Database? PrimaryOrNull { get; }

    /// <summary>Counts and logs what only an attack or a broken database explains, and keeps a fork's two notes.</summary>
    public void Report(Database database, ChecksumFailure failure)
    {
        if (!failure.IsSecurityEvent)
            return;

        _metrics.SecurityEvents.Add(1, new KeyValuePair<string, object?>("event", EventOf(failure.Kind)));
        _audit?.Note(new(_audit.Now, AuditWord.Integrity) { Check = EventOf(failure.Kind), Origin = database.Name, Text = failure.Message });
        if (failure.Fork is not { } fork)
        {
            Log.Rejected(_logger, database.Name, failure.Message);
            return;
        }

        Log.Forked(_logger, database.Name, failure.Message, fork.Known, fork.Presented);
        Keep(database.Name, database.Cache, fork);
    }

    /// <summary>Why nothing new can be proven with a database before a person does something; null where that is not so.</summary>
    public static async ValueTask<string?> TroubleOrNullAsync(Database database, CancellationToken cancellationToken)
    {
        try
        {
            return (await database.Client.KnownHeadAsync(cancellationToken).ConfigureAwait(false)).Failure?.Message;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"the tree head kept for {database.Name} cannot be read: {e.Message}";
        }
    }

    private void Tell(string database, DiskChecksumDatabaseCache cache, HealedHead healed)
    {
        _metrics.SecurityEvents.Add(1, new KeyValuePair<string, object?>("event", EventOf(ChecksumFailureKind.BadStoredHead)));
        Log.Healed(_logger, database, healed.Damaged is null ? "gone" : "damaged", healed.Taken.Tree.Size);
        if (healed.Damaged is { } damaged)
            Keep(database, cache, new ForkEvidence(damaged, healed.Taken.Note));
    }

    private void Keep(string database, DiskChecksumDatabaseCache cache, ForkEvidence notes)
    {
        try
        {
            Log.Kept(_logger, database, cache.KeepFork(notes));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk must not turn a security answer into a crash.
            Log.NotKept(_logger, database, e);
        }
    }

    public void Dispose()
    {
        foreach (var database in All)
        {
            database.Client.Dispose();
            database.Kept.Dispose();
        }

        _lines.ForEach(static line => line.Dispose());
    }

    /// <summary>As <see cref="Dispose"/>, and waits for proofs that nobody waits for any more.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var database in All)
        {
            await database.Client.DisposeAsync().ConfigureAwait(false);
            await database.Kept.DisposeAsync().ConfigureAwait(false);
        }

        _lines.ForEach(static line => line.Dispose());
    }

    private static string EventOf(ChecksumFailureKind kind) => kind switch
    {
        ChecksumFailureKind.BadSignature => "bad-signature",
        ChecksumFailureKind.ForgedTile => "forged-tile",
        ChecksumFailureKind.ForgedRecord => "forged-record",
        ChecksumFailureKind.AbsentLine => "absent-line",
        ChecksumFailureKind.Fork => "fork",
        _ => "bad-stored-head",
    };

    /// <summary>One configured database.</summary>
    /// <param name="Key">What it signs with.</param>
    /// <param name="Client">Asks it.</param>
    /// <param name="Kept">Answers from what <paramref name="Client"/> proved and kept, and never asks.</param>
    /// <param name="Cache">Where that is kept.</param>
    /// <param name="Source">What <paramref name="Client"/> asks by.</param>
    internal sealed record Database(
        VerifierKey Key, ChecksumDatabaseClient Client, ChecksumDatabaseClient Kept, DiskChecksumDatabaseCache Cache, BoundedDatabase Source)
    {
        // The client shares its lookups too, but does not know who waits for them. Its end is theirs.
        private readonly JoinedTasks<ModuleVersion, ChecksumResult<ChecksumLookup>> _lookups = new(CancellationToken.None);

        /// <summary>Its name, as in lookups and records.</summary>
        public string Name => Key.Name;

        /// <summary>Looks a module version up, in the turn of those who wait for it.</summary>
        public Task<ChecksumResult<ChecksumLookup>> LookupAsync(ModuleVersion module, CancellationToken cancellationToken) =>
            _lookups.RunAsync(module, Client.LookupAsync, cancellationToken);
    }

    private sealed class NobodyAsked : IChecksumDatabaseRemote
    {
        public ValueTask<RemoteRead> ReadAsync(string path, CancellationToken cancellationToken) =>
            new(RemoteRead.Unavailable("it is not asked for this request"));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "SECURITY: an answer of checksum database {Database} was rejected: {Reason}")]
        public static partial void Rejected(ILogger logger, string database, string reason);

        [LoggerMessage(LogLevel.Error,
            "SECURITY: checksum database {Database} forked: {Reason}. Known tree:\n{Known}\nPresented tree:\n{Presented}")]
        public static partial void Forked(ILogger logger, string database, string reason, string known, string presented);

        [LoggerMessage(LogLevel.Error,
            "SECURITY: the tree head kept for checksum database {Database} was {What}: going on from the tree of {Size} records of a stored lookup; a fork behind that may pass unseen here")]
        public static partial void Healed(ILogger logger, string database, string what, long size);

        [LoggerMessage(LogLevel.Error, "Both notes of checksum database {Database} were kept in {File}")]
        public static partial void Kept(ILogger logger, string database, string file);

        [LoggerMessage(LogLevel.Error, "Both notes of checksum database {Database} could not be kept on disk")]
        public static partial void NotKept(ILogger logger, string database, Exception exception);
    }
}
