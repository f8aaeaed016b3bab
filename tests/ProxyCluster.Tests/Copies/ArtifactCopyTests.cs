using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using ProxyCluster.Copies;
using ProxyCluster.Demo;
using ProxyCluster.Fetching;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.Outcomes;
using ProxyCluster.Rulings;
using ProxyCluster.Storage;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Storage;
using ProxyCluster.Tests.Verification;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Copies;

/// <summary>
/// What is said of a copy, judged without anybody to send it: each record and its bytes hold in everything but the one
/// thing that is wrong with them.
/// </summary>
public sealed class ArtifactCopyTests : IAsyncDisposable
{
    private const string Ours = "ours.sums.test";
    private const string Mirrored = "mirrored.sums.test";
    private const string From = "paris-1";
    private const string Pattern = "example.com/*";

    private static readonly ModuleVersion Module = StoreSite.Module();

    // More than one buffer full, and nothing that packs well.
    private static readonly PackedModule True = Pack("true", Convert.ToBase64String(StoreSite.Bytes(150_000)));
    private static readonly PackedModule Evil = Pack("evil", "");

    private readonly ScratchDirectory _scratch = new();
    private readonly DiskSite _site = new();
    private readonly InMemoryChecksumDatabase _ours = new(SignerKey.FromSeed(Ours, new byte[32]));
    private readonly InMemoryChecksumDatabase _mirrored = new(SignerKey.FromSeed(Mirrored, new byte[32]));
    private readonly UpstreamsOptions _limits = new();
    private VerificationRoom _room;
    private int _opened;
    private int _signs;

    public ArtifactCopyTests() => _room = Room(static _ => { });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _room.Dispose();
        await _site.DisposeAsync();
        _scratch.Dispose();
    }

    // ---- What is true

    [Theory]
    [InlineData(ArtifactKind.Zip)]
    [InlineData(ArtifactKind.Mod)]
    public async Task Take_WhatIsProven_IsOursWithBothHashesAndNoOtherArtifact(ArtifactKind kind)
    {
        var said = Said();
        var result = await TakeAsync(said, kind, [.. BytesOf(True, kind), 1, 2, 3]);
        Assert.Equal((CopyStatus.Committed, ""), (result.Status, result.Why));
        Assert.Equal((True.ZipH1, True.GoModH1), (result.Record!.ZipH1, result.Record.GoModH1));
        Assert.Equal(new VerifiedBy(VerificationKind.ChecksumDatabase, Ours, _site.Clock.GetUtcNow(), said.VerifiedBy!.Proof), result.Record.VerifiedBy);
        Assert.Equal(
            new StoredArtifact(Digest.Of(BytesOf(True, kind)), BytesOf(True, kind).Length, From, _site.Clock.GetUtcNow()),
            result.Record.ArtifactOrNull(kind));
        Assert.Single(Enum.GetValues<ArtifactKind>(), one => result.Record.ArtifactOrNull(one) is not null);
        Assert.Equal(BytesOf(True, kind), await _site.ReadOrNullAsync(Module, kind));
        Assert.Equal(kind == ArtifactKind.Zip, _signs > 1);
    }

    [Fact]
    public async Task Take_InfoThatNothingProves_IsTakenAloneWithoutAHash()
    {
        var result = await TakeAsync(Said() with { VerifiedBy = null }, ArtifactKind.Info, True.Info);
        Assert.Equal(CopyStatus.Committed, result.Status);
        Assert.Equal((null, null, null), (result.Record!.ZipH1, result.Record.GoModH1, result.Record.VerifiedBy));
        Assert.Equal((null, null), (result.Record.Mod, result.Record.Zip));
    }

    [Theory]
    [InlineData(ArtifactKind.Zip)]
    [InlineData(ArtifactKind.Mod)]
    public async Task Take_UnderAPatternOfOurOwn_PinsWhatWasComputedAndSaysSo(ArtifactKind kind)
    {
        _room.Dispose();
        _room = Room(static options => options.NoSumDb = Pattern);
        var by = new VerifiedBy(VerificationKind.NoSumPattern, "their/*", DateTimeOffset.UnixEpoch);
        var result = await TakeAsync(Said() with { VerifiedBy = by }, kind, BytesOf(True, kind));
        Assert.Equal(CopyStatus.Committed, result.Status);
        Assert.Equal(
            kind == ArtifactKind.Zip ? (True.ZipH1, null) : (null, (string?)True.GoModH1), (result.Record!.ZipH1, result.Record.GoModH1));
        Assert.Equal((Pattern, null), (result.Record.VerifiedBy!.Authority, result.Record.VerifiedBy.Proof));
    }

    [Fact]
    public async Task Take_ProvenUnderAnotherName_IsJudgedByWhoSigned()
    {
        var said = Said();
        var result = await TakeAsync(said with { VerifiedBy = said.VerifiedBy! with { Kind = VerificationKind.NoSumPattern, Authority = "x" } }, ArtifactKind.Mod, True.GoMod);
        Assert.Equal((VerificationKind.ChecksumDatabase, Ours), (result.Record!.VerifiedBy!.Kind, result.Record.VerifiedBy.Authority));
    }

    // ---- The record

    [Fact]
    public Task Take_RecordOfAnotherModule_IsRefused() =>
        IsWrongRecordAsync(Said() with { Module = StoreSite.Module("example.com/b") }, "it is about example.com/b");

    [Theory]
    [InlineData(ArtifactKind.Info)]
    [InlineData(ArtifactKind.Mod)]
    [InlineData(ArtifactKind.Zip)]
    public Task Take_RecordWithoutTheArtifact_IsRefused(ArtifactKind kind) => IsWrongRecordAsync(Said().With(kind, null), $"it names no {kind}", kind);

    [Theory]
    [InlineData(ArtifactKind.Info)]
    [InlineData(ArtifactKind.Mod)]
    [InlineData(ArtifactKind.Zip)]
    public async Task Take_MoreBytesThanAnUpstreamMaySend_IsRefused(ArtifactKind kind)
    {
        (_limits.MaxInfoBytes, _limits.MaxModBytes, _limits.MaxZipBytes) = (1000, 2000, 3000);
        var most = _limits.MaxBytesOf(kind switch
        {
            ArtifactKind.Info => UpstreamResourceKind.Info,
            ArtifactKind.Mod => UpstreamResourceKind.Mod,
            _ => UpstreamResourceKind.Zip,
        });
        await IsWrongRecordAsync(Sized(kind, most + 1), $"it names {most + 1} bytes", kind);
        await IsWrongRecordAsync(Sized(kind, -1), "it names -1 bytes", kind);
        Assert.Equal(CopyStatus.Short, (await TakeAsync(Sized(kind, most), kind, new byte[most - 1])).Status);
    }

    [Fact]
    public async Task Take_NoBytesAtAll_AreWhatAnEmptyGoModIs()
    {
        _room.Dispose();
        _room = Room(static options => options.NoSumDb = Pattern);
        var said = Said() with
        {
            GoModH1 = ModuleHash.OfGoMod([]),
            VerifiedBy = new(VerificationKind.NoSumPattern, Pattern, DateTimeOffset.UnixEpoch),
            Mod = new StoredArtifact(Digest.Of([]), 0, "", DateTimeOffset.UnixEpoch),
        };
        Assert.Equal(CopyStatus.Committed, (await TakeAsync(said, ArtifactKind.Mod, [])).Status);
    }

    [Theory]
    [InlineData(ArtifactKind.Mod)]
    [InlineData(ArtifactKind.Zip)]
    public async Task Take_HashThatNothingProves_IsRefused(ArtifactKind kind)
    {
        var said = Said();
        await IsWrongRecordAsync(said with { VerifiedBy = null }, "nothing proves its h1", kind);
        await IsWrongRecordAsync(said with { ZipH1 = null, GoModH1 = null }, "nothing proves its h1", kind);
        await IsWrongRecordAsync(said with { VerifiedBy = said.VerifiedBy! with { Proof = null } }, "nothing proves its h1", kind);
        await IsWrongRecordAsync(said with { ZipH1 = Evil.ZipH1, GoModH1 = Evil.GoModH1 }, "nothing proves its h1", kind);
    }

    [Fact]
    public Task Take_PatternThatIsNotOurs_IsRefused() => IsWrongRecordAsync(
        Said() with { VerifiedBy = new(VerificationKind.NoSumPattern, Pattern, DateTimeOffset.UnixEpoch) },
        $"it was verified by {Pattern}, which is not enough here");

    [Fact]
    public Task Take_ProofOfADatabaseThatWeOnlyMirror_IsRefused() =>
        IsWrongRecordAsync(Said(_mirrored), $"it was verified by {Mirrored}, which is not enough here");

    [Fact]
    public Task Take_ProofOfADatabaseThatNobodyKnowsHere_IsRefused() =>
        IsWrongRecordAsync(Said(new(SignerKey.FromSeed("other.sums.test", new byte[32]))), "it was verified by other.sums.test, which is not enough here");

    /// <summary>It is no proof here; and the name beside it, which is ours, does not make it one.</summary>
    [Fact]
    public async Task Take_ProofOfAnUnknownDatabaseInTheNameOfOurs_IsRefused()
    {
        var said = Said(new(SignerKey.FromSeed("other.sums.test", new byte[32])));
        await IsWrongRecordAsync(said with { VerifiedBy = said.VerifiedBy! with { Authority = Ours } }, $"it was verified by {Ours}, which is not enough here");
    }

    [Fact]
    public Task Take_ProofByAnotherKeyOfTheSameName_IsRefused() =>
        IsWrongRecordAsync(Said(new(SignerKey.Generate(Ours))), "the proof's signed tree is not valid");

    [Fact]
    public async Task Take_ProofOfARecordThatTheTreeDoesNotHave_IsRefused()
    {
        var said = Said();
        var proof = said.VerifiedBy!.Proof! with { RecordText = Lines(Evil) };
        await IsWrongRecordAsync(
            said with { ZipH1 = Evil.ZipH1, GoModH1 = Evil.GoModH1, VerifiedBy = said.VerifiedBy with { Proof = proof } },
            "the proof does not lead from record 0 to the root");
    }

    // ---- The bytes and their content

    [Fact]
    public async Task Take_BytesThatAreNotThere_AreAbsent()
    {
        var result = await Copy().TakeAsync(Said(), Module, ArtifactKind.Mod, static () => new((Stream?)null), From, static () => { }, Cancel);
        Assert.Equal((CopyStatus.Absent, null, "the bytes are not there"), (result.Status, result.Record, result.Why));
    }

    [Fact]
    public async Task Take_BytesThatEndEarly_AreShortByThatMany() =>
        await IsNotOursAsync(CopyStatus.Short, await TakeAsync(Said(), ArtifactKind.Zip, True.Zip[..^7]), "the bytes ended 7 early");

    [Fact]
    public async Task Take_OtherBytes_AreWrong()
    {
        var bytes = True.Zip.ToArray();
        bytes[^1] ^= 1;
        await IsNotOursAsync(
            CopyStatus.WrongBytes, await TakeAsync(Said(), ArtifactKind.Zip, bytes), $"the bytes have SHA-256 {Digest.Of(bytes)}, the record says {Digest.Of(True.Zip)}");
    }

    [Theory]
    [InlineData(ArtifactKind.Mod)]
    [InlineData(ArtifactKind.Zip)]
    public async Task Take_OtherContentUnderTheProvenHash_IsWrong(ArtifactKind kind) => await IsNotOursAsync(
        CopyStatus.Unproven,
        await TakeAsync(Said().With(kind, Stored(BytesOf(Evil, kind))), kind, BytesOf(Evil, kind)),
        $"but {Ours} proves {(kind == ArtifactKind.Zip ? True.ZipH1 : True.GoModH1)}");

    [Fact]
    public async Task Take_OtherContentThanTheOtherSidePins_IsWrong()
    {
        _room.Dispose();
        _room = Room(static options => options.NoSumDb = Pattern);
        var said = Said() with { ZipH1 = Evil.ZipH1, VerifiedBy = new(VerificationKind.NoSumPattern, Pattern, DateTimeOffset.UnixEpoch) };
        await IsNotOursAsync(CopyStatus.Unproven, await TakeAsync(said, ArtifactKind.Zip, True.Zip), $"but {Evil.ZipH1} was stored first");
    }

    [Theory]
    [InlineData(ArtifactKind.Info, """{"Version":"v1.0.1","Time":"2026-01-01T00:00:00Z"}""", "it is about version v1.0.1")]
    [InlineData(ArtifactKind.Zip, "no zip", "sent something invalid")]
    public async Task Take_InvalidContent_IsWrong(ArtifactKind kind, string content, string why)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        await IsNotOursAsync(CopyStatus.Unproven, await TakeAsync(Said().With(kind, Stored(bytes)), kind, bytes), why);
    }

    [Fact]
    public async Task Take_WhatContradictsOurPins_IsAConflict()
    {
        await _site.CommitAsync(Module, ArtifactKind.Mod, Evil.GoMod, Evil.GoModH1);
        var result = await TakeAsync(Said(), ArtifactKind.Zip, True.Zip);
        await IsNotOursAsync(CopyStatus.Conflict, result, $"go.mod h1 is {Evil.GoModH1}, a later fetch gave {True.GoModH1}");
    }

    private static PackedModule Pack(string what, string text) => PackedModule.Pack(
        Module,
        "2026-01-01T00:00:00Z",
        [
            ModuleFile.Of("go.mod", Encoding.UTF8.GetBytes($"module {Module.Path}\n// {what}\n")),
            ModuleFile.Of("a.txt", Encoding.UTF8.GetBytes(what + text)),
        ]);

    private static string Lines(PackedModule content) =>
        $"{Module.Path} {Module.Version} {content.ZipH1}\n{Module.Path} {Module.Version}/go.mod {content.GoModH1}\n";

    private static byte[] BytesOf(PackedModule content, ArtifactKind kind) => kind switch
    {
        ArtifactKind.Info => content.Info,
        ArtifactKind.Mod => content.GoMod,
        _ => content.Zip,
    };

    private static StoredArtifact Stored(byte[] bytes) => new(Digest.Of(bytes), bytes.Length, "upstream", DateTimeOffset.UnixEpoch);

    /// <summary>The truth, as the other side keeps it, proven by <paramref name="database"/>.</summary>
    private ModuleRecord Said(InMemoryChecksumDatabase? database = null)
    {
        database ??= _ours;
        Assert.Equal(0, database.Append(Module, Lines(True)));
        var proof = new ChecksumProof(database.Key.Name, 0, Lines(True), database.SignTree(), []);
        return new ModuleRecord
        {
            Module = Module,
            ZipH1 = True.ZipH1,
            GoModH1 = True.GoModH1,
            VerifiedBy = new VerifiedBy(VerificationKind.ChecksumDatabase, database.Key.Name, DateTimeOffset.UnixEpoch, proof),
            Info = Stored(True.Info),
            Mod = Stored(True.GoMod),
            Zip = Stored(True.Zip),
        };
    }

    private ModuleRecord Sized(ArtifactKind kind, long size) => Said().With(kind, Stored(BytesOf(True, kind)) with { Size = size });

    private VerificationRoom Room(Action<VerificationOptions> change)
    {
        VerificationOptions options = new() { SumDb = $"{_ours.Key} http://127.0.0.1:1", Mirrored = [$"{_mirrored.Key} http://127.0.0.1:1"] };
        change(options);
        return new VerificationRoom(options, _scratch["sums"], _site.Clock);
    }

    [Fact]
    public async Task Take_WhatOurDatabaseKeepsUsFromProving_IsNoFaultOfTheOtherSide()
    {
        await using var database = await DatabaseServer.StartAsync();
        database.Instead = static async (context, _) =>
        {
            await context.Response.WriteAsync("nonsense", Cancel);
            return true;
        };
        _room.Dispose();
        _room = Room(options => (options.SumDb, options.FailOpen) = (database.Setting, Pattern));

        var result = await TakeAsync(Said() with { VerifiedBy = new(VerificationKind.NoSumPattern, $"fail-open {Pattern}", DateTimeOffset.UnixEpoch) }, ArtifactKind.Zip, True.Zip);

        Assert.Equal((CopyStatus.Undecided, FailureKind.ChecksumDatabaseInvalid), (result.Status, result.Ours?.Kind));
        Assert.Equal(0, _opened);
    }

    [Fact]
    public async Task Record_ThatAnOrderMakesVoid_IsNotTaken()
    {
        var said = Said().With(ArtifactKind.Zip, Stored(True.Zip));
        _site.Rulings.TakeOrFault(RulingSet.Empty.With(new Ruling(
            RulingVerb.Accept, Module, Evil.ZipH1, null, "alice", "moved", _site.Clock.GetUtcNow())).Write());

        await IsNotOursAsync(CopyStatus.Void, await TakeAsync(said, ArtifactKind.Zip, True.Zip), "it is void by an operator's order");
        Assert.Equal(0, _opened);
    }

    private ArtifactCopy Copy() => new(_room.Verifier, _room.Databases, _site.Disk, _site.Rulings, Options.Create(_limits), _site.Clock);

    private Task<CopyResult> TakeAsync(ModuleRecord said, ArtifactKind kind, byte[] bytes) => Copy().TakeAsync(
        said,
        Module,
        kind,
        () =>
        {
            _opened++;
            return new(new MemoryStream(bytes));
        },
        From,
        () => _signs++,
        Cancel);

    private async Task IsWrongRecordAsync(ModuleRecord said, string why, ArtifactKind kind = ArtifactKind.Zip)
    {
        await IsNotOursAsync(CopyStatus.Unproven, await TakeAsync(said, kind, BytesOf(True, kind)), why);
        Assert.Equal(0, _opened);
    }

    private async Task IsNotOursAsync(CopyStatus status, CopyResult result, string why)
    {
        Assert.Equal((status, null), (result.Status, result.Record));
        Assert.Contains(why, result.Why, StringComparison.Ordinal);
        Assert.Null((await _site.Store.FindRecordOrNullAsync(Module, Cancel))?.Zip);
        Assert.Empty(Directory.EnumerateFiles(_site.Tree.Temporary));
    }
}
