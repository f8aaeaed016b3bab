using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Verification;

/// <summary>
/// Answers "which hashes must this module version have, and who says so?".
/// </summary>
/// <remarks>
/// A module under a no-sum pattern (GONOSUMDB, or GOPRIVATE where that is not set) is not looked up, and its name leaves
/// this process nowhere; its first fetch pins it, and the record says so. Everything else is proven by the checksum
/// database or refused: an outage of the database is an outage (503), never an absence, and never a reason to accept.
/// The toolchain module is looked up whatever the patterns say, as <c>go</c> does (spec §7): it is code that runs.
/// Concurrent questions for one module version share one lookup; a lookup proven before is answered from disk.
/// </remarks>
internal sealed class Verifier(
    ChecksumDatabases databases, IOptions<VerificationOptions> options, TimeProvider clock, ProxyMetrics metrics)
{
    /// <summary>The module that <c>go</c> fetches itself from; no pattern exempts it.</summary>
    internal const string Toolchain = "golang.org/toolchain";

    private const string FailOpenPrefix = "fail-open ";

    private readonly ModulePathPatterns _noSum = ModulePathPatterns.Parse(options.Value.NoSumDb ?? options.Value.Private);
    private readonly ModulePathPatterns _private = ModulePathPatterns.Parse(options.Value.Private);
    private readonly ModulePathPatterns _failOpen = ModulePathPatterns.Parse(options.Value.FailOpen);

    /// <summary>The proven hashes, or why there are none. Null hashes: nothing vouches for that artifact.</summary>
    public async ValueTask<Outcome<ProvenSums>> ProveAsync(ModuleVersion module, CancellationToken cancellationToken)
    {
        // 1. Policy.
        if (databases.PrimaryOrNull is not { } database)
            return Unproven("GOSUMDB=off");
        if (NoSumPatternOrNull(module.Path) is { } pattern)
            return Unproven(pattern);

        // 2. Proof.
        ChecksumResult<ChecksumLookup> result;
        try
        {
            result = await database.LookupAsync(module, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Failure(FailureKind.StoreUnavailable, $"the tree head of {database.Name} could not be kept: {e.Message}");
        }

        metrics.ChecksumLookups.Add(1,
            new KeyValuePair<string, object?>("database", database.Name),
            new KeyValuePair<string, object?>("outcome", result.Failure?.Kind.ToString() ?? "ok"));
        if (result.TryGet(out var lookup, out var failure))
        {
            return new ProvenSums(lookup.Lines.ZipH1, lookup.Lines.GoModH1,
                new VerifiedBy(VerificationKind.ChecksumDatabase, database.Name, clock.GetUtcNow(), lookup.Proof));
        }

        // 3. Refusal.
        databases.Report(database, failure);
        return failure.Kind == ChecksumFailureKind.Unavailable && _failOpen.MatchOrNull(module.Path) is { } open
            ? Unproven(FailOpenPrefix + open)
            : ToFailure(failure);
    }

    /// <summary>
    /// Is what a record says of its proof enough under today's policy? A module that was pinned under a no-sum pattern
    /// must be proven once the pattern is gone, and one that another database proved must be proven by this one.
    /// </summary>
    public bool Accepts(ModuleVersion module, VerifiedBy by)
    {
        if (databases.PrimaryOrNull is not { } database || NoSumPatternOrNull(module.Path) is not null)
            return true;
        return by.Kind == VerificationKind.ChecksumDatabase
            ? by.Authority == database.Name
            : by.Authority.StartsWith(FailOpenPrefix, StringComparison.Ordinal) && _failOpen.MatchOrNull(module.Path) is not null;
    }

    /// <summary>The pattern that keeps a module from being looked up, or null.</summary>
    public string? NoSumPatternOrNull(ModulePath path) => path.Value == Toolchain ? null : _noSum.MatchOrNull(path);

    /// <summary>The pattern that keeps a module's name from being sent to a database for others, or null.</summary>
    public string? SecretPatternOrNull(ModulePath path) => NoSumPatternOrNull(path) ?? (path.Value == Toolchain ? null : _private.MatchOrNull(path));

    /// <summary>What a failed lookup is to a client.</summary>
    public static Failure ToFailure(ChecksumFailure failure) => failure.Kind switch
    {
        ChecksumFailureKind.Unknown => new(FailureKind.ChecksumUnknown, failure.Message),
        ChecksumFailureKind.Unavailable => new(FailureKind.ChecksumDatabaseUnavailable, failure.Message, failure.RetryAfter),

        // Whoever crowds it out must not have a module pass unproven: this is no outage, and fails open for nobody.
        ChecksumFailureKind.Overloaded => new(FailureKind.Overloaded, failure.Message),

        // Ours, and no answer of the database: it may be well again by the next request.
        ChecksumFailureKind.BadStoredHead => new(FailureKind.StoreUnavailable, failure.Message),
        _ => new(FailureKind.ChecksumDatabaseInvalid, failure.Message),
    };

    private ProvenSums Unproven(string authority) =>
        new(null, null, new VerifiedBy(VerificationKind.NoSumPattern, authority, clock.GetUtcNow()));
}
