using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Storage;

public class RecordMergeTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly VerifiedBy Proven = new(VerificationKind.ChecksumDatabase, "sum.example.com", Noon);
    private static readonly VerifiedBy Unproven = new(VerificationKind.NoSumPattern, "example.com/*", Noon);

    [Fact]
    public void Merge_NothingStored_TakesTheProposal()
    {
        var proposal = Zip("h1:a", Proven, "bytes");
        var result = RecordMerge.Merge(null, proposal, ArtifactKind.Zip, bytesLost: false);

        Assert.Equal(CommitStatus.Committed, result.Status);
        Assert.Equal(proposal, result.Record);
    }

    [Fact]
    public void Merge_SameZipContentPackedOtherwise_KeepsTheFirstPacking()
    {
        var first = Zip("h1:a", Proven, "first packing");
        var result = RecordMerge.Merge(first, Zip("h1:a", Proven, "second packing"), ArtifactKind.Zip, bytesLost: false);

        Assert.Equal(CommitStatus.AlreadyStored, result.Status);
        Assert.Equal(first, result.Record);
    }

    [Fact]
    public void Merge_OtherContent_IsAConflictThatChangesNothing()
    {
        var first = Zip("h1:a", Proven, "bytes");
        var result = RecordMerge.Merge(first, Zip("h1:b", Proven, "others"), ArtifactKind.Zip, bytesLost: false);

        Assert.Equal(CommitStatus.Conflict, result.Status);
        Assert.Equal(first, result.Record);
        Assert.Contains("h1:a", result.Conflict, StringComparison.Ordinal);
        Assert.Contains("h1:b", result.Conflict, StringComparison.Ordinal);
    }

    [Fact]
    public void Merge_OtherContentWhileBytesAreLost_IsStillAConflict()
    {
        var first = Zip("h1:a", Proven, "bytes");
        var result = RecordMerge.Merge(first, Zip("h1:b", Proven, "others"), ArtifactKind.Zip, bytesLost: true);

        Assert.Equal(CommitStatus.Conflict, result.Status);
    }

    [Fact]
    public void Merge_LostBytesOfEqualContent_AreReplaced()
    {
        var first = Zip("h1:a", Proven, "first packing");
        var again = Zip("h1:a", Proven, "second packing");
        var result = RecordMerge.Merge(first, again, ArtifactKind.Zip, bytesLost: true);

        Assert.Equal(CommitStatus.Committed, result.Status);
        Assert.Equal(again.Zip, result.Record.Zip);
    }

    [Fact]
    public void Merge_AnotherArtifact_JoinsWhatIsThere()
    {
        var mod = new ModuleRecord { Module = Module, GoModH1 = "h1:m", VerifiedBy = Proven, Mod = Artifact("go.mod") };
        var result = RecordMerge.Merge(mod, Zip("h1:a", Proven, "bytes"), ArtifactKind.Zip, bytesLost: false);

        Assert.Equal(CommitStatus.Committed, result.Status);
        Assert.Equal("h1:m", result.Record.GoModH1);
        Assert.Equal("h1:a", result.Record.ZipH1);
        Assert.NotNull(result.Record.Mod);
        Assert.NotNull(result.Record.Zip);
    }

    [Fact]
    public void Merge_ChecksumDatabaseAfterNoSumPattern_StrengthensTheRecord()
    {
        var result = RecordMerge.Merge(
            Zip("h1:a", Unproven, "bytes"), Zip("h1:a", Proven, "bytes"), ArtifactKind.Zip, bytesLost: false);

        Assert.Equal(CommitStatus.Committed, result.Status);
        Assert.Equal(Proven, result.Record.VerifiedBy);
    }

    [Fact]
    public void Merge_NoSumPatternAfterChecksumDatabase_DoesNotWeakenTheRecord()
    {
        var first = Zip("h1:a", Proven, "bytes");
        var result = RecordMerge.Merge(first, Zip("h1:a", Unproven, "bytes"), ArtifactKind.Zip, bytesLost: false);

        Assert.Equal(CommitStatus.AlreadyStored, result.Status);
        Assert.Equal(Proven, result.Record.VerifiedBy);
    }

    private static ModuleVersion Module { get; } = ParseModule();

    private static ModuleVersion ParseModule()
    {
        Assert.True(ModuleVersion.TryParse("example.com/a", "v1.0.0", out var module, out _));
        return module;
    }

    private static ModuleRecord Zip(string h1, VerifiedBy by, string content) =>
        new() { Module = Module, ZipH1 = h1, VerifiedBy = by, Zip = Artifact(content) };

    private static StoredArtifact Artifact(string content) =>
        new(Digest.Of(System.Text.Encoding.UTF8.GetBytes(content)), content.Length, "test", Noon);
}
