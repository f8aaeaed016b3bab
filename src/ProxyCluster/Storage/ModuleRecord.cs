using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Rulings;
using ProxyCluster.Verification;

namespace ProxyCluster.Storage;

/// <summary>
/// What is proven about a module version and which of its artifacts are stored. It only ever grows: a value, once set,
/// never changes (design rules 1 and 2).
/// </summary>
public sealed record ModuleRecord
{
    /// <summary>The module version that this is about.</summary>
    public required ModuleVersion Module { get; init; }

    /// <summary>The proven <c>h1:</c> of the zip; null until known.</summary>
    public string? ZipH1 { get; init; }

    /// <summary>The proven <c>h1:</c> of go.mod; null until known.</summary>
    public string? GoModH1 { get; init; }

    /// <summary>What proved the two values; null while nothing but <c>.info</c>, which no authority covers, is stored.</summary>
    public VerifiedBy? VerifiedBy { get; init; }

    /// <summary>
    /// What stands behind go.mod's hash, where that is another authority than <see cref="VerifiedBy"/>: a database may know
    /// one of two hashes that the first fetch had pinned. Null in nearly every record.
    /// </summary>
    public VerifiedBy? GoModVerifiedBy { get; init; }

    /// <summary>The stored <c>.info</c>, or null.</summary>
    public StoredArtifact? Info { get; init; }

    /// <summary>The stored <c>.mod</c>, or null.</summary>
    public StoredArtifact? Mod { get; init; }

    /// <summary>The stored <c>.zip</c>, or null.</summary>
    public StoredArtifact? Zip { get; init; }

    /// <summary>
    /// What it holds in memory, in bytes: two for each character, 32 for each hash of its proof, and the objects themselves.
    /// </summary>
    internal long Weight => 900
        + (2L * ((2 * Module.Path.Value.Length) + (2 * Module.Version.Length) + (ZipH1?.Length ?? 0) + (GoModH1?.Length ?? 0)))
        + WeightOf(Info) + WeightOf(Mod) + WeightOf(Zip)
        + WeightOf(VerifiedBy?.Proof)
        + WeightOf(GoModVerifiedBy?.Proof);

    /// <summary>Is it news that an operator's order does not accept? Says which hash it accepts.</summary>
    internal string? UnacceptedOrNull(RulingBook rulings) => rulings.Current.OfOrNull(Module)?.AcceptanceOrNull is { } accepted
        && accepted.Voids(ZipH1, GoModH1, DateTimeOffset.MaxValue)
            ? $"{Module}: zip {ZipH1 ?? "(none)"} and go.mod {GoModH1 ?? "(none)"} came, but by {accepted.By}'s order only {accepted.ZipH1 ?? accepted.GoModH1} is accepted"
            : null;

    /// <summary>Does an operator's order make it void?</summary>
    internal bool IsVoid(RulingBook rulings) => rulings.Current.OfOrNull(Module) is { } ruling
        && ruling.Voids(ZipH1, GoModH1, new[] { Info, Mod, Zip }.Max(static artifact => artifact?.Time ?? DateTimeOffset.MinValue));

    /// <summary>When something of it was first stored here, UTC; null where nothing is.</summary>
    internal DateTimeOffset? FirstSeen => new[] { Info, Mod, Zip }.Min(static artifact => artifact?.Time);

    /// <summary>The stored artifact of <paramref name="kind"/>, or null.</summary>
    public StoredArtifact? ArtifactOrNull(ArtifactKind kind) => kind switch
    {
        ArtifactKind.Info => Info,
        ArtifactKind.Mod => Mod,
        _ => Zip,
    };

    /// <summary>The hash that <paramref name="kind"/> must have; null until known, and for <c>.info</c> for ever.</summary>
    public string? H1Of(ArtifactKind kind) => kind switch
    {
        ArtifactKind.Info => null,
        ArtifactKind.Mod => GoModH1,
        _ => ZipH1,
    };

    /// <summary>
    /// What stands behind the hash of <paramref name="kind"/>. Null where nothing does: a checksum database speaks for no
    /// hash that its proof does not name, whatever else of the module version it proves. The proof is not checked here.
    /// </summary>
    public VerifiedBy? VerifiedByOf(ArtifactKind kind) =>
        H1Of(kind) is { } h1
        && (kind == ArtifactKind.Mod ? GoModVerifiedBy ?? VerifiedBy : VerifiedBy) is { } by
        && (by.Kind == VerificationKind.NoSumPattern || LineOf(by, kind) == h1)
            ? by
            : null;

    private static long WeightOf(StoredArtifact? artifact) =>
        artifact is null ? 0 : 2L * (artifact.Source.Length + (ReferenceEquals(artifact.Upstream, artifact.Source) ? 0 : artifact.Upstream?.Length ?? 0));

    private static long WeightOf(ChecksumProof? proof) =>
        proof is null ? 0 : (2L * (proof.RecordText.Length + proof.SignedTree.Length)) + (32L * proof.Inclusion.Count);

    private string? LineOf(VerifiedBy by, ArtifactKind kind) =>
        by.Proof?.LinesFor(Module) is not { } lines ? null : kind == ArtifactKind.Zip ? lines.ZipH1 : lines.GoModH1;

    /// <summary>The same record with <paramref name="artifact"/> stored as <paramref name="kind"/>.</summary>
    public ModuleRecord With(ArtifactKind kind, StoredArtifact? artifact) => kind switch
    {
        ArtifactKind.Info => this with { Info = artifact },
        ArtifactKind.Mod => this with { Mod = artifact },
        _ => this with { Zip = artifact },
    };

    /// <summary>The record of one artifact that was just received.</summary>
    /// <param name="module">Of which module version.</param>
    /// <param name="kind">Which artifact.</param>
    /// <param name="artifact">As it is to be stored.</param>
    /// <param name="h1">What was computed of its content.</param>
    /// <param name="sums">What is proven of the module version; null for <c>.info</c>, whose record proves nothing.</param>
    public static ModuleRecord Of(ModuleVersion module, ArtifactKind kind, StoredArtifact artifact, string? h1, ProvenSums? sums) =>
        new ModuleRecord
        {
            Module = module,
            ZipH1 = sums?.ZipH1 ?? (kind == ArtifactKind.Zip ? h1 : null),
            GoModH1 = sums?.GoModH1 ?? (kind == ArtifactKind.Mod ? h1 : null),
            VerifiedBy = sums?.VerifiedBy,
        }.With(kind, artifact);

    /// <summary>What is proven, with <paramref name="artifact"/> as the only one that is stored.</summary>
    public ModuleRecord WithOnly(ArtifactKind kind, StoredArtifact? artifact) =>
        (this with { Info = null, Mod = null, Zip = null }).With(kind, artifact);
}
