using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Demo;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.Storage;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Copies;

/// <summary>
/// Everything that whoever hands out a copy may say of it that is not so, field by field of the record. Whatever it is and
/// by whatever way it comes, nothing false becomes ours, and what is true can still be had afterwards.
/// </summary>
public abstract class CopyLies
{
    private const string Mirrored = "mirrored.sums.test";

    // They have keys of their own; the first is configured here, but not as the one that proves modules.
    private static readonly InMemoryChecksumDatabase MirroredDatabase = new(SignerKey.FromSeed(Mirrored, new byte[32]));

    private static readonly DateTimeOffset Long = new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, Lie> Lies = All().ToDictionary(static lie => lie.Name);

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Of the setting that mirrors it.</summary>
    internal static (string, string) MirroredSetting => ("Verification:Mirrored:0", $"{MirroredDatabase.Key} http://127.0.0.1:1");

    /// <summary>One lie: what the record says, and whether the bytes are those of another content of the same module.</summary>
    private protected sealed record Lie(string Name, Func<Said, ModuleRecord> Tell, bool IsEvil = false);

    /// <summary>What a lie is made of: the truth, the other content, and which artifact it is about.</summary>
    private protected sealed record Said(ModuleRecord True, PackedModule Evil, PackedModule Other, ArtifactKind Kind)
    {
        /// <summary>The true record, as if the other content were the module's.</summary>
        public ModuleRecord Forged => True with
        {
            ZipH1 = Evil.ZipH1,
            GoModH1 = Evil.GoModH1,
            Zip = True.Zip! with { Sha256 = Digest.Of(Evil.Zip), Size = Evil.Zip.Length },
            Mod = True.Mod! with { Sha256 = Digest.Of(Evil.GoMod), Size = Evil.GoMod.Length },
        };

        public ChecksumProof Proof => True.VerifiedBy!.Proof!;

        public string EvilLines =>
            $"{True.Module.Path} {True.Module.Version} {Evil.ZipH1}\n{True.Module.Path} {True.Module.Version}/go.mod {Evil.GoModH1}\n";

        public ModuleRecord With(Func<StoredArtifact, StoredArtifact> change) => True.With(Kind, change(True.ArtifactOrNull(Kind)!));

        public ModuleRecord By(Func<VerifiedBy, VerifiedBy> change) => True with { VerifiedBy = change(True.VerifiedBy!) };

        public ModuleRecord Proven(Func<ChecksumProof, ChecksumProof> change) => By(by => by with { Proof = change(Proof) });

        /// <summary>A proof of the other content that is flawless but for who signed it.</summary>
        public ChecksumProof ProofBy(InMemoryChecksumDatabase database)
        {
            Assert.Equal(0, database.Append(True.Module, Evil.ZipH1, Evil.GoModH1));
            return new ChecksumProof(database.Key.Name, 0, EvilLines, database.SignTree(), []);
        }
    }

    public static TheoryData<string, ArtifactKind> Table => new(
        from lie in Lies.Values
        from kind in Enum.GetValues<ArtifactKind>()
        select (lie.Name, kind));

    /// <summary>Those about true bytes: whose module nobody proves, the first bytes pin.</summary>
    public static TheoryData<string, ArtifactKind> PinnedTable => new(
        from lie in Lies.Values
        where !lie.IsEvil
        from kind in Enum.GetValues<ArtifactKind>()
        select (lie.Name, kind));

    private static IEnumerable<Lie> All()
    {
        // The record.
        yield return new("nothing", static said => said.True);
        yield return new("module", static said => said.True with { Module = said.Other.Module });
        yield return new("zip h1", static said => said.True with { ZipH1 = said.Evil.ZipH1 });
        yield return new("no zip h1", static said => said.True with { ZipH1 = null });
        yield return new("go.mod h1", static said => said.True with { GoModH1 = said.Evil.GoModH1 });
        yield return new("no go.mod h1", static said => said.True with { GoModH1 = null });
        yield return new("both h1", static said => said.True with { ZipH1 = said.Evil.ZipH1, GoModH1 = said.Evil.GoModH1 });
        yield return new("h1 of true bytes swapped", static said => said.True with { ZipH1 = said.True.GoModH1, GoModH1 = said.True.ZipH1 });
        yield return new("forged under the true proof", static said => said.Forged, IsEvil: true);
        yield return new("other bytes under the true record", static said => said.True, IsEvil: true);
        yield return new("other bytes under the true h1",
            static said => said.Forged with { ZipH1 = said.True.ZipH1, GoModH1 = said.True.GoModH1 }, IsEvil: true);

        // What stands behind it.
        yield return new("no authority", static said => said.True with { VerifiedBy = null });
        yield return new("pattern", static said => said.By(by => new(VerificationKind.NoSumPattern, "*", by.Time)));
        yield return new("pattern with the proof", static said => said.By(static by => by with { Kind = VerificationKind.NoSumPattern }));
        yield return new("pattern for other bytes",
            static said => said.Forged with { VerifiedBy = new(VerificationKind.NoSumPattern, "*", Long) }, IsEvil: true);
        yield return new("fail-open for other bytes",
            static said => said.Forged with { VerifiedBy = new(VerificationKind.NoSumPattern, "fail-open *", Long) }, IsEvil: true);
        yield return new("authority", static said => said.By(static by => by with { Authority = "sum.elsewhere.test" }));
        yield return new("authority that is a lie in the log", static said => said.By(static by => by with { Authority = "x\nERROR" }));
        yield return new("time of proof", static said => said.By(static by => by with { Time = Long }));
        yield return new("go.mod's authority",
            static said => said.True with { GoModVerifiedBy = new(VerificationKind.NoSumPattern, "*", Long) });
        yield return new("go.mod's authority for other bytes",
            static said => said.Forged with { GoModVerifiedBy = new(VerificationKind.NoSumPattern, "*", Long) }, IsEvil: true);

        // The proof.
        yield return new("no proof", static said => said.By(static by => by with { Proof = null }));
        yield return new("no proof for other bytes", static said => said.Forged with { VerifiedBy = said.True.VerifiedBy! with { Proof = null } }, IsEvil: true);
        yield return new("proof's database", static said => said.Proven(static proof => proof with { Database = "sum.elsewhere.test" }));
        yield return new("proof's database, one we mirror", static said => said.Proven(static proof => proof with { Database = Mirrored }));
        yield return new("record's number", static said => said.Proven(static proof => proof with { RecordId = proof.RecordId + 1 }));
        yield return new("record's number below none", static said => said.Proven(static proof => proof with { RecordId = -1 }));
        yield return new("record's text", static said => said.Proven(static proof => proof with { RecordText = proof.RecordText + "x\n" }));
        yield return new("record's text for other bytes",
            static said => said.Forged with { VerifiedBy = said.Proven(proof => proof with { RecordText = said.EvilLines }).VerifiedBy }, IsEvil: true);
        yield return new("more lines behind the record's text",
            static said => said.Forged with { VerifiedBy = said.Proven(proof => proof with { RecordText = proof.RecordText + said.EvilLines }).VerifiedBy },
            IsEvil: true);
        yield return new("tree", static said => said.Proven(static proof => proof with { SignedTree = proof.SignedTree.Replace("\n", "\n\n", StringComparison.Ordinal) }));
        yield return new("no tree", static said => said.Proven(static proof => proof with { SignedTree = "" }));
        yield return new("inclusion", static said => said.Proven(static proof => proof with { Inclusion = [.. proof.Inclusion, Digest.Of("x"u8)] }));
        yield return new("no inclusion", static said => said.Proven(static proof => proof with { Inclusion = [] }));
        yield return new("inclusion of another record",
            static said => said.Proven(static proof => proof with { Inclusion = [.. proof.Inclusion.Select(static _ => Digest.Of("x"u8))] }));

        // Flawless but for one thing each: the signature, and which database it is.
        yield return new("proof for other bytes by another key",
            static said => said.Forged with
            {
                VerifiedBy = said.True.VerifiedBy! with { Proof = said.ProofBy(new(SignerKey.Generate(said.Proof.Database))) },
            },
            IsEvil: true);
        yield return new("proof for other bytes by a database that we mirror",
            static said => said.Forged with
            {
                VerifiedBy = said.True.VerifiedBy! with { Authority = Mirrored, Proof = said.ProofBy(MirroredDatabase) },
            },
            IsEvil: true);
        yield return new("the same in the name of ours",
            static said => said.Forged with { VerifiedBy = said.True.VerifiedBy! with { Proof = said.ProofBy(MirroredDatabase) } }, IsEvil: true);

        // The artifact.
        yield return new("none", static said => said.True.With(said.Kind, null));
        yield return new("digest", static said => said.With(static stored => stored with { Sha256 = Digest.Of("x"u8) }));
        yield return new("a byte less", static said => said.With(static stored => stored with { Size = stored.Size - 1 }));
        yield return new("a byte more", static said => said.With(static stored => stored with { Size = stored.Size + 1 }));
        yield return new("less than no bytes", static said => said.With(static stored => stored with { Size = -1 }));
        yield return new("more bytes than any has", static said => said.With(static stored => stored with { Size = (500L << 20) + 1 }));
        yield return new("source", static said => said.With(static stored => stored with { Source = "https://elsewhere.test" }));
        yield return new("time", static said => said.With(static stored => stored with { Time = Long }));
        yield return new("evicted", static said => said.With(static stored => stored with { Evicted = Long }));
        yield return new("the other artifacts", static said => said.True with
        {
            Info = said.Kind == ArtifactKind.Info ? said.True.Info : said.Forged.Zip,
            Mod = said.Kind == ArtifactKind.Mod ? said.True.Mod : said.Forged.Mod,
            Zip = said.Kind == ArtifactKind.Zip ? said.True.Zip : said.Forged.Zip,
        });
    }

    /// <summary>A content of the module that nobody vouches for, and with nothing wrong by itself.</summary>
    internal static PackedModule EvilOf(PackedModule module) => PackedModule.Pack(
        module.Module,
        "2026-01-01T00:00:00Z",
        [ModuleFile.Of("go.mod", [.. module.GoMod, .. "// evil\n"u8]), ModuleFile.Of("evil.go", "package evil\n"u8.ToArray())]);

    /// <summary>Tells a lie to a silo, and holds what it has afterwards against the truth.</summary>
    /// <param name="name">Of the lie.</param>
    /// <param name="kind">About which artifact.</param>
    /// <param name="module">The true module.</param>
    /// <param name="other">Another one.</param>
    /// <param name="record">What is true of it.</param>
    /// <param name="victim">The silo.</param>
    /// <param name="source">By which name it knows whoever hands out the copy.</param>
    /// <param name="pattern">The no-sum pattern of the victim, or null.</param>
    /// <param name="tellAsync">Has the victim take the copy.</param>
    private protected static async Task CheckAsync(
        string name,
        ArtifactKind kind,
        PackedModule module,
        PackedModule other,
        ModuleRecord record,
        WebApplication victim,
        string source,
        string? pattern,
        Func<ModuleRecord, byte[], Task<bool>> tellAsync)
    {
        var lie = Lies[name];
        var said = new Said(record, EvilOf(module), other, kind);
        var store = victim.Services.GetRequiredService<DiskStore>();
        await store.DeleteAsync(module.Module, Cancel);
        var before = victim.Services.GetRequiredService<TimeProvider>().GetUtcNow();

        var isTaken = await tellAsync(lie.Tell(said), BytesOf(lie.IsEvil ? said.Evil : module, kind));

        // 1. Nothing false is ours.
        if (name == "nothing" || isTaken)
            Assert.NotNull(store.FindRecordOrNull(module.Module)?.ArtifactOrNull(kind));
        if (store.FindRecordOrNull(module.Module) is { } taken)
        {
            IsTrue(taken, module, record, before, pattern);
            Assert.Equal([kind], Enum.GetValues<ArtifactKind>().Where(one => taken.ArtifactOrNull(one) is not null));
            Assert.Equal(source, taken.ArtifactOrNull(kind)!.Source);
            if (kind == ArtifactKind.Info)
                Assert.Equal((null, null, null, null), (taken.ZipH1, taken.GoModH1, taken.VerifiedBy, taken.GoModVerifiedBy));
            if (taken.VerifiedBy is { Kind: VerificationKind.NoSumPattern })
                Assert.Null(kind == ArtifactKind.Zip ? taken.GoModH1 : taken.ZipH1);
        }

        // 2. What is true can still be had.
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        foreach (var one in Enum.GetValues<ArtifactKind>())
        {
            Assert.Equal(
                BytesOf(module, one),
                await client.GetByteArrayAsync(new Uri($"{victim.Urls.First()}/{DiskStore.KeyOf(module.Module, one)}"), Cancel));
        }

        var had = store.FindRecordOrNull(module.Module)!;
        IsTrue(had, module, record, before, pattern);
        Assert.Equal((module.ZipH1, module.GoModH1), (had.ZipH1, had.GoModH1));
    }

    private protected static byte[] BytesOf(PackedModule module, ArtifactKind kind) => kind switch
    {
        ArtifactKind.Info => module.Info,
        ArtifactKind.Mod => module.GoMod,
        _ => module.Zip,
    };

    private static void IsTrue(ModuleRecord had, PackedModule module, ModuleRecord record, DateTimeOffset since, string? pattern)
    {
        Assert.Equal(module.Module, had.Module);
        Assert.Contains(had.ZipH1, (string?[])[null, module.ZipH1]);
        Assert.Contains(had.GoModH1, (string?[])[null, module.GoModH1]);
        foreach (var kind in (ArtifactKind[])[ArtifactKind.Zip, ArtifactKind.Mod])
            Assert.Equal(had.H1Of(kind) is null, had.VerifiedByOf(kind) is null);
        foreach (var by in new[] { had.VerifiedBy, had.GoModVerifiedBy }.OfType<VerifiedBy>())
        {
            Assert.InRange(by.Time, since, since.AddMinutes(5));
            if (by.Kind == VerificationKind.NoSumPattern)
            {
                Assert.Equal((pattern, null), (by.Authority, by.Proof));
                continue;
            }

            var (proof, genuine) = (by.Proof!, record.VerifiedBy!.Proof!);
            Assert.Equal((record.VerifiedBy.Authority, genuine.Database), (by.Authority, proof.Database));
            Assert.Equal((genuine.RecordId, genuine.RecordText), (proof.RecordId, proof.RecordText));
            Assert.Equal(genuine.SignedTree, proof.SignedTree);
            Assert.Equal(genuine.Inclusion, proof.Inclusion);
        }

        foreach (var kind in Enum.GetValues<ArtifactKind>())
        {
            if (had.ArtifactOrNull(kind) is not { } stored)
                continue;
            Assert.Equal((Digest.Of(BytesOf(module, kind)), BytesOf(module, kind).Length, null), (stored.Sha256, (int)stored.Size, stored.Evicted));
            Assert.InRange(stored.Time, since, since.AddMinutes(5));
        }
    }
}
