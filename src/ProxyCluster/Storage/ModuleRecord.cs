using ProxyCluster.GoModules.Names;
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
        + (2L * ((Info?.Source.Length ?? 0) + (Mod?.Source.Length ?? 0) + (Zip?.Source.Length ?? 0)))
        + (VerifiedBy?.Proof is { } proof ? (2L * (proof.RecordText.Length + proof.SignedTree.Length)) + (32L * proof.Inclusion.Count) : 0);

    /// <summary>The stored artifact of <paramref name="kind"/>, or null.</summary>
    public StoredArtifact? ArtifactOrNull(ArtifactKind kind) => kind switch
    {
        ArtifactKind.Info => Info,
        ArtifactKind.Mod => Mod,
        _ => Zip,
    };

    /// <summary>The same record with <paramref name="artifact"/> stored as <paramref name="kind"/>.</summary>
    public ModuleRecord With(ArtifactKind kind, StoredArtifact? artifact) => kind switch
    {
        ArtifactKind.Info => this with { Info = artifact },
        ArtifactKind.Mod => this with { Mod = artifact },
        _ => this with { Zip = artifact },
    };

    /// <summary>What is proven, with <paramref name="artifact"/> as the only one that is stored.</summary>
    public ModuleRecord WithOnly(ArtifactKind kind, StoredArtifact? artifact) =>
        (this with { Info = null, Mod = null, Zip = null }).With(kind, artifact);
}
