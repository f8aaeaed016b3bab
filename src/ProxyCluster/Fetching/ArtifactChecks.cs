using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;
using ProxyCluster.Verification;

namespace ProxyCluster.Fetching;

/// <summary>What must hold of received bytes before anybody may see them. No effects but reading the given stream.</summary>
internal static class ArtifactChecks
{
    /// <summary>Checks a zip by every rule of spec §4 and computes its h1, reading it once.</summary>
    public static Outcome<Received> Zip(ModuleVersion module, Stream content, string upstream, CancellationToken cancel)
    {
        if (!ZipDirectory.TryOpen(content, ZipLimits.Default, out var directory, out var error))
            return Invalid(module, ArtifactKind.Zip, upstream, error);

        var check = ModuleZip.Check(directory, module);
        if (!check.IsValid)
            return Invalid(module, ArtifactKind.Zip, upstream, check.ToString());

        return ModuleHash.TryOfZip(directory, out var h1, out var fault, cancel)
            ? new Received(h1)
            : Invalid(module, ArtifactKind.Zip, upstream, fault.ToString());
    }

    /// <summary>Checks an <c>.info</c> or <c>.mod</c>, both small enough to be read whole.</summary>
    public static async Task<Outcome<Received>> SmallAsync(
        ModuleVersion module, ArtifactKind kind, Stream content, string upstream, CancellationToken cancel)
    {
        var bytes = new byte[content.Length];
        await content.ReadExactlyAsync(bytes, cancel);
        if (kind == ArtifactKind.Mod)
            return new Received(ModuleHash.OfGoMod(bytes));

        if (!VersionInfo.TryParse(bytes, out var info, out var error))
            return Invalid(module, kind, upstream, error);

        return info.Version == module.Version
            ? new Received(null)
            : Invalid(module, kind, upstream, $"it is about version {info.Version}");
    }

    /// <summary>
    /// Holds a computed h1 against what the authority proved and what the record pins. Null when all agree.
    /// </summary>
    public static Failure? Mismatch(
        ModuleVersion module, ArtifactKind kind, string? h1, ProvenSums sums, ModuleRecord? known, string upstream)
    {
        var what = $"{module} .{DiskStore.LabelOf(kind)}";
        var proven = kind == ArtifactKind.Zip ? sums.ZipH1 : sums.GoModH1;
        if (proven is null && sums.VerifiedBy.Kind == VerificationKind.ChecksumDatabase)
        {
            return new Failure(
                FailureKind.ChecksumUnknown, $"{what}: {sums.VerifiedBy.Authority} has no hash of it, so it cannot be verified");
        }

        if (proven is not null && proven != h1)
        {
            return new Failure(
                FailureKind.ChecksumMismatch,
                $"{what}: {upstream} sent {h1}, but {sums.VerifiedBy.Authority} proves {proven}; nothing was stored");
        }

        return Contradicts(kind, h1, known) is { } pinned
            ? new Failure(
                FailureKind.ChecksumMismatch,
                $"{what}: {upstream} sent {h1}, but {pinned} was stored first; module versions never change{NextStep(module, kind, h1, sums)}")
            : null;
    }

    // Where nothing but our own pin stands for it, an operator may say otherwise.
    private static string NextStep(ModuleVersion module, ArtifactKind kind, string? h1, ProvenSums sums) =>
        sums.VerifiedBy.Kind == VerificationKind.NoSumPattern && h1 is not null
            ? $". If its tag was moved on purpose, an operator says so: proxycluster module accept {module} {(kind == ArtifactKind.Zip ? "--zip" : "--go-mod")} {h1} --reason TEXT"
            : "";

    /// <summary>The h1 that a record pins, where the computed one is another; null where they do not contradict each other.</summary>
    public static string? Contradicts(ArtifactKind kind, string? h1, ModuleRecord? known)
    {
        var pinned = kind == ArtifactKind.Zip ? known?.ZipH1 : known?.GoModH1;
        return pinned == h1 ? null : pinned;
    }

    private static Failure Invalid(ModuleVersion module, ArtifactKind kind, string upstream, string why) => new(
        FailureKind.UpstreamInvalid, $"{module} .{DiskStore.LabelOf(kind)}: {upstream} sent something invalid: {why}");
}
