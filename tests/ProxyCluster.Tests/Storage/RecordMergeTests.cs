using ProxyCluster.GoModules;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Storage;

public class RecordMergeTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ModuleVersion Module = ParseModule();
    private static readonly VerifiedBy Proven = By("sum.example.com", "h1:a", "h1:m");
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

    [Fact]
    public void Merge_ProofOfGoModAloneOntoAPinnedZip_SpeaksForGoModAlone()
    {
        var only = By("sum.example.com", null, "h1:m");
        var pinned = Zip("h1:a", Unproven, "bytes");
        var mod = new ModuleRecord { Module = Module, GoModH1 = "h1:m", VerifiedBy = only, Mod = Artifact("go.mod") };

        var result = RecordMerge.Merge(pinned, mod, ArtifactKind.Mod, bytesLost: false);

        Assert.Equal((Unproven, only), (result.Record.VerifiedByOf(ArtifactKind.Zip), result.Record.VerifiedByOf(ArtifactKind.Mod)));
        Assert.Equal(result.Record, RecordMerge.Merge(result.Record, mod, ArtifactKind.Mod, bytesLost: false).Record);
        Assert.Equal(CommitStatus.AlreadyStored, RecordMerge.Merge(result.Record, pinned, ArtifactKind.Zip, bytesLost: false).Status);
    }

    [Fact]
    public void Merge_PinnedZipOntoAProvenGoMod_IsNotProvenByThat()
    {
        var only = By("sum.example.com", null, "h1:m");
        var mod = new ModuleRecord { Module = Module, GoModH1 = "h1:m", VerifiedBy = only, Mod = Artifact("go.mod") };

        var result = RecordMerge.Merge(mod, Zip("h1:a", Unproven, "bytes"), ArtifactKind.Zip, bytesLost: false);

        Assert.Equal((Unproven, only), (result.Record.VerifiedByOf(ArtifactKind.Zip), result.Record.VerifiedByOf(ArtifactKind.Mod)));
    }

    [Fact]
    public void Merge_ProofThatNamesNeitherHash_SpeaksForNone()
    {
        var pinned = Zip("h1:a", Unproven, "bytes");
        var result = RecordMerge.Merge(
            pinned, pinned with { ZipH1 = null, VerifiedBy = By("sum.example.com", null, "h1:m") }, ArtifactKind.Zip, bytesLost: false);

        Assert.Equal(Unproven, result.Record.VerifiedByOf(ArtifactKind.Zip));
    }

    [Fact]
    public void Merge_ProofOfAnotherDatabaseForBoth_SpeaksForBoth()
    {
        var today = By("sum.example.org", "h1:a", "h1:m");
        var result = RecordMerge.Merge(
            Zip("h1:a", Proven, "bytes") with { GoModH1 = "h1:m" },
            new ModuleRecord { Module = Module, ZipH1 = "h1:a", GoModH1 = "h1:m", VerifiedBy = today },
            ArtifactKind.Zip,
            bytesLost: false);

        Assert.Equal((today, today), (result.Record.VerifiedByOf(ArtifactKind.Zip), result.Record.VerifiedByOf(ArtifactKind.Mod)));
    }

    [Theory]
    [InlineData("h1:a", "h1:m", true, true)]
    [InlineData("h1:a", null, true, false)]
    [InlineData(null, "h1:m", false, true)]
    [InlineData("h1:x", "h1:a", false, false)]
    public void VerifiedByOf_ARecordWithOneProof_IsThatForTheHashesThatItNames(string? zip, string? mod, bool isZip, bool isMod)
    {
        var by = By("sum.example.com", zip, mod);
        var record = new ModuleRecord { Module = Module, ZipH1 = "h1:a", GoModH1 = "h1:m", VerifiedBy = by };

        var read = RecordFile.ParseOrNull(RecordFile.Write(record), out _)!;

        Assert.Equal((isZip, isMod), (read.VerifiedByOf(ArtifactKind.Zip) is not null, read.VerifiedByOf(ArtifactKind.Mod) is not null));
        Assert.Null(read.VerifiedByOf(ArtifactKind.Info));
    }

    [Fact]
    public void VerifiedByOf_ADatabaseWithoutItsProof_IsNothing() => Assert.Null(
        Zip("h1:a", Proven with { Proof = null }, "bytes").VerifiedByOf(ArtifactKind.Zip));

    [Fact]
    public void RecordFile_TwoAuthorities_AreReadBackForTheirHashes()
    {
        var record = Zip("h1:a", Unproven, "bytes") with { GoModH1 = "h1:m", GoModVerifiedBy = By("sum.example.com", null, "h1:m") };

        var read = RecordFile.ParseOrNull(RecordFile.Write(record), out _)!;

        Assert.Equal(VerificationKind.NoSumPattern, read.VerifiedByOf(ArtifactKind.Zip)!.Kind);
        Assert.Equal(VerificationKind.ChecksumDatabase, read.VerifiedByOf(ArtifactKind.Mod)!.Kind);
    }

    // Form is all that a merge looks at; that a proof holds was found out before.
    private static VerifiedBy By(string database, string? zip, string? mod)
    {
        var lines = (zip is null ? "" : $"{Module.Path} {Module.Version} {zip}\n") + (mod is null ? "" : $"{Module.Path} {Module.Version}/go.mod {mod}\n");
        return new(VerificationKind.ChecksumDatabase, database, Noon, new ChecksumProof(database, 0, lines, "", []));
    }

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
