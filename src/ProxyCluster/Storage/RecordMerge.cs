using ProxyCluster.GoModules.Names;
using ProxyCluster.Verification;

namespace ProxyCluster.Storage;

/// <summary>
/// How a record grows, as a pure function: design rule 2 in one place. Proven hashes are set once; an artifact is set
/// once; a better authority may be added to the same hash, never the other way round, and never to a hash that it does not
/// name.
/// </summary>
internal static class RecordMerge
{
    /// <summary>
    /// The record that results from committing <paramref name="proposal"/>'s <paramref name="kind"/> onto
    /// <paramref name="current"/>. <paramref name="bytesLost"/> says that the copy which the current record names is gone
    /// or damaged, so that an equal one may take its place.
    /// </summary>
    public static CommitResult Merge(ModuleRecord? current, ModuleRecord proposal, ArtifactKind kind, bool bytesLost)
    {
        if (current is null)
            return new CommitResult(CommitStatus.Committed, proposal);

        if (Differs(current.ZipH1, proposal.ZipH1))
            return Conflict(current, "zip h1", current.ZipH1, proposal.ZipH1);
        if (Differs(current.GoModH1, proposal.GoModH1))
            return Conflict(current, "go.mod h1", current.GoModH1, proposal.GoModH1);

        var stored = current.ArtifactOrNull(kind);
        var offered = proposal.ArtifactOrNull(kind);
        var (zip, mod) = (Stronger(current, proposal, ArtifactKind.Zip), Stronger(current, proposal, ArtifactKind.Mod));
        var grown = current with
        {
            ZipH1 = current.ZipH1 ?? proposal.ZipH1,
            GoModH1 = current.GoModH1 ?? proposal.GoModH1,
            VerifiedBy = zip ?? mod,
            GoModVerifiedBy = null,
        };
        if (mod is not null && (grown.VerifiedByOf(ArtifactKind.Mod) is not { } by || (by.Kind, by.Authority) != (mod.Kind, mod.Authority)))
            grown = grown with { GoModVerifiedBy = mod };

        // The h1 above is the identity of a zip; two packings of one content are no conflict, and the first one stays.
        // A lost copy of .info, which no h1 covers, is replaced by what upstream says now.
        if (stored is null || bytesLost)
            return new CommitResult(CommitStatus.Committed, grown.With(kind, offered ?? stored));

        var unchanged = grown == current;
        return new CommitResult(unchanged ? CommitStatus.AlreadyStored : CommitStatus.Committed, grown);
    }

    // A database's proof beats a pattern, and whoever is asked today beats one that was asked before.
    private static VerifiedBy? Stronger(ModuleRecord current, ModuleRecord proposal, ArtifactKind kind)
    {
        var (known, offered) = (current.VerifiedByOf(kind), proposal.VerifiedByOf(kind));
        var isBetter = offered?.Kind == VerificationKind.ChecksumDatabase || known?.Kind != VerificationKind.ChecksumDatabase;
        return offered is not null && isBetter && offered.Authority != known?.Authority ? offered : known;
    }

    private static bool Differs(string? a, string? b) => a is not null && b is not null && a != b;

    private static CommitResult Conflict(ModuleRecord current, string what, string? stored, string? offered) =>
        new(CommitStatus.Conflict, current, $"{current.Module}: {what} is {stored}, a later fetch gave {offered}");
}
