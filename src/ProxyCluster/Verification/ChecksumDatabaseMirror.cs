using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.TransparencyLog;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Verification;

/// <summary>
/// Serves the configured checksum databases to others, under <c>/sumdb/&lt;name&gt;/…</c> (spec §5).
/// </summary>
/// <remarks>
/// <para>Promises: byte for byte what the database serves, proven before it is kept or passed on, and served on while the
/// database is down. The latest tree never goes back to a smaller one. Names that are not configured are not found, so
/// this is no open relay; names of private modules are for the gate to hold back.</para>
/// <para>A client that saw <c>supported</c> sends everything here and never goes direct, so an outage must not look like
/// an absence: 404 is only what the database itself denies, or what its largest known tree does not have.</para>
/// <para>Road not taken: relaying without proof and leaving that to <c>go</c>. A forged answer would then be kept and
/// served to every build until somebody noticed.</para>
/// </remarks>
internal sealed partial class ChecksumDatabaseMirror(
    ChecksumDatabases databases, IOptions<VerificationOptions> options, TimeProvider clock)
{
    private const string Text = "text/plain; charset=UTF-8";
    private const string Bytes = "application/octet-stream";

    private static readonly TimeSpan Forever = TimeSpan.FromDays(365);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    // When each database was last asked for its latest tree.
    private readonly ConcurrentDictionary<string, long> _refreshed = new(StringComparer.Ordinal);

    /// <summary>
    /// Answers a path, percent-decoded once, as it stands after <c>/sumdb/</c>. With <paramref name="cachedOnly"/> the
    /// database is not asked, and what is not kept here is <see cref="FailureKind.NotCached"/>.
    /// </summary>
    public async ValueTask<Outcome<MirrorAnswer>> AnswerAsync(
        string path, bool cachedOnly, CancellationToken cancellationToken)
    {
        // A name may hold slashes; the longest one that fits is meant.
        var database = databases.All
            .Where(candidate => path.Length > candidate.Name.Length && path[candidate.Name.Length] == '/'
                && path.StartsWith(candidate.Name, StringComparison.Ordinal))
            .MaxBy(candidate => candidate.Name.Length);
        if (database is null)
            return new Failure(FailureKind.NotFound, "not found: no such checksum database is mirrored here");

        var rest = path[(database.Name.Length + 1)..];
        try
        {
            if (rest == "supported")
                return new MirrorAnswer(default, Text, options.Value.LatestMaxAge, IsImmutable: false, FromCache: true);
            if (rest == "latest")
                return await LatestAsync(database, cachedOnly, cancellationToken).ConfigureAwait(false);
            if (rest.StartsWith("lookup/", StringComparison.Ordinal))
                return await LookupAsync(database, rest["lookup/".Length..], cachedOnly, cancellationToken).ConfigureAwait(false);
            if (rest.StartsWith("tile/", StringComparison.Ordinal))
                return await TileAsync(database, rest, cachedOnly, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Failure(FailureKind.StoreUnavailable, $"the tree head of {database.Name} could not be kept: {e.Message}");
        }

        return new Failure(FailureKind.NotFound, "not found: a checksum database has supported, latest, lookup/ and tile/");
    }

    private async Task<Outcome<MirrorAnswer>> LatestAsync(
        ChecksumDatabases.Database database, bool cachedOnly, CancellationToken cancellationToken)
    {
        var (asked, refresh) = cachedOnly ? default : await RefreshAsync(database, cancellationToken).ConfigureAwait(false);
        if (refresh is not null && refresh.Kind != ChecksumFailureKind.Unavailable)
            return Refuse(database, refresh);
        if (!(await database.Client.KnownHeadAsync(cancellationToken).ConfigureAwait(false)).TryGet(out var head, out var failure))
            return Refuse(database, failure);

        // No tree known at all: the outage shows.
        if (head.Note.Length == 0 && cachedOnly)
            return NotKept(database);
        return head.Note.Length == 0
            ? Refuse(database, refresh ?? new(ChecksumFailureKind.Unavailable, $"{database.Name} could not be asked for its latest tree yet"))
            : new MirrorAnswer(Encoding.UTF8.GetBytes(head.Note), Text, options.Value.LatestMaxAge, IsImmutable: false, FromCache: !asked || refresh is not null);
    }

    private async Task<Outcome<MirrorAnswer>> LookupAsync(
        ChecksumDatabases.Database database, string name, bool cachedOnly, CancellationToken cancellationToken)
    {
        if (!LookupName().IsMatch(name))
            return new Failure(FailureKind.BadRequest, "bad request: invalid module@version syntax");

        var at = name.IndexOf('@', StringComparison.Ordinal);
        if (!ModulePath.TryUnescape(name.AsSpan(0, at), out var path, out var error))
            return new Failure(FailureKind.BadRequest, $"bad request: {error}");
        if (!Escaping.TryUnescape(name.AsSpan(at + 1), out var version))
            return new Failure(FailureKind.BadRequest, "bad request: malformed escaped version");
        if (!ModuleVersion.TryCreate(path, version, out var module, out error))
            return new Failure(FailureKind.NotFound, $"not found: {error}");

        var result = await (cachedOnly ? database.Kept.LookupAsync(module, cancellationToken) : database.LookupAsync(module, cancellationToken)).ConfigureAwait(false);
        return result.TryGet(out var lookup, out var failure)
            ? new MirrorAnswer(lookup.Response, Text, Day, IsImmutable: false, lookup.FromCache)
            : cachedOnly ? NotKept(database) : Refuse(database, failure);
    }

    private async Task<Outcome<MirrorAnswer>> TileAsync(
        ChecksumDatabases.Database database, string path, bool cachedOnly, CancellationToken cancellationToken)
    {
        if (!Tile.TryParse(path, out var tile))
            return new Failure(FailureKind.BadRequest, "bad request: invalid tile syntax");

        // What is kept needs no turn.
        var isAsked = !cachedOnly && await database.Cache.ReadTileAsync(tile, cancellationToken).ConfigureAwait(false) is null;
        using var turn = isAsked ? await database.Source.TakeTileTurnAsync(cancellationToken).ConfigureAwait(false) : null;
        if (isAsked && turn is null)
            return new Failure(FailureKind.Overloaded, $"too many tiles of {database.Name} are being asked for");

        var client = cachedOnly ? database.Kept : database.Client;
        var result = await client.ReadTileAsync(tile, cancellationToken).ConfigureAwait(false);
        if (result.Failure is not null && cachedOnly)
            return NotKept(database);
        if (result.Failure is { Kind: ChecksumFailureKind.Unknown })
        {
            // Perhaps the log grew past the tree that is known here.
            if (await RefreshAsync(database, cancellationToken).ConfigureAwait(false) is { Failure: { } refused })
                return Refuse(database, refused);
            result = await database.Client.ReadTileAsync(tile, cancellationToken).ConfigureAwait(false);
        }

        return result.TryGet(out var bytes, out var failure)
            ? new MirrorAnswer(bytes.Bytes, tile.IsData ? Text : Bytes, tile.IsFull ? Forever : Day, tile.IsFull, bytes.FromCache)
            : Refuse(database, failure);
    }

    // Asks at most once per LatestMaxAge, also after failures: an outage is not made worse by asking faster.
    private async Task<(bool Asked, ChecksumFailure? Failure)> RefreshAsync(
        ChecksumDatabases.Database database, CancellationToken cancellationToken)
    {
        var now = clock.GetTimestamp();
        if (_refreshed.TryGetValue(database.Name, out var last) && clock.GetElapsedTime(last, now) < options.Value.LatestMaxAge)
            return (false, null);

        var result = await database.Client.RefreshHeadAsync(cancellationToken).ConfigureAwait(false);
        _refreshed[database.Name] = clock.GetTimestamp();
        return (true, result.Failure);
    }

    private static Failure NotKept(ChecksumDatabases.Database database) =>
        new(FailureKind.NotCached, $"not found: this part of {database.Name} is not in the cache");

    private Failure Refuse(ChecksumDatabases.Database database, ChecksumFailure failure)
    {
        databases.Report(database, failure);
        return failure.Kind == ChecksumFailureKind.Unknown
            ? new Failure(FailureKind.NotFound, $"not found: {failure.Message}")
            : Verifier.ToFailure(failure);
    }

    [GeneratedRegex(@"^[^@]+@v[0-9]+\.[0-9]+\.[0-9]+(-[^@]*)?(\+incompatible)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex LookupName();
}
