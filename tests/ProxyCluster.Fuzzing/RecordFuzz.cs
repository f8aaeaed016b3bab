using System.Text;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.Verification;

namespace ProxyCluster.Fuzzing;

/// <summary>A record that is read is written the same again.</summary>
internal sealed class RecordFuzz : FuzzTarget
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly StoredArtifact Stored = new(Digest.Of([1, 2, 3]), 3, "test", Noon);

    public override IReadOnlyList<byte[]> Sound { get; } = [.. MakeSound()];

    public override bool Holds(byte[] bytes)
    {
        _ = RecordFile.OtherFormatOrNull(bytes);
        if (RecordFile.ParseOrNull(bytes, out var error) is not { } record)
            return error is { Length: > 0 };
        var written = RecordFile.Write(record);
        return RecordFile.ParseOrNull(written, out _) is { } again && RecordFile.Write(again).AsSpan().SequenceEqual(written);
    }

    private static IEnumerable<byte[]> MakeSound()
    {
        var module = new ModuleVersion(ModulePath.Parse("example.com/a"), "v1.0.0");
        yield return RecordFile.Write(new ModuleRecord
        {
            Module = module,
            ZipH1 = "h1:a",
            VerifiedBy = new VerifiedBy(VerificationKind.NoSumPattern, "example.com/*", Noon),
            Zip = Stored,
        });
        yield return RecordFile.Write(new ModuleRecord { Module = new(ModulePath.Parse("example.com/B"), "v1.0.0-pre"), Info = Stored with { Evicted = Noon } });

        var database = new SmallDatabase();
        var proof = new ChecksumProof(database.Key.Name, 4, "a v1 h1:a\n", Encoding.UTF8.GetString(database.Notes[^1]), [Digest.Of("x"u8)]);
        yield return RecordFile.Write(new ModuleRecord
        {
            Module = module,
            GoModH1 = "h1:b",
            VerifiedBy = new VerifiedBy(VerificationKind.ChecksumDatabase, database.Key.Name, Noon, proof),
            Mod = Stored,
        });
        yield return "{\"format\":2}"u8.ToArray();
    }
}
