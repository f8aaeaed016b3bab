using BenchmarkDotNet.Attributes;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.Verification;

namespace ProxyCluster.Benchmarks.Micro;

/// <summary>Records as JSON, with a proof in a tree of the size of the public one.</summary>
public class RecordBenchmarks
{
    private ModuleRecord _record = null!;
    private byte[] _json = [];

    [GlobalSetup]
    public void Setup()
    {
        var digest = Digest.Of("anything"u8);
        var stored = new StoredArtifact(digest, 61_440, "https://upstream.test", DateTimeOffset.UnixEpoch);
        if (!ModuleVersion.TryCreate(ModulePath.Parse("github.com/gorilla/mux"), "v1.8.0", out var module, out var error))
            throw new InvalidOperationException(error);
        var h1 = $"h1:{digest.ToBase64()}";
        var proof = new ChecksumProof(
            "sum.golang.org",
            2_580_307,
            $"{module.Path} {module.Version} {h1}\n{module.Path} {module.Version}/go.mod {h1}\n",
            $"go.sum database tree\n39355670\n{digest.ToBase64()}\n\n\u2014 sum.golang.org {Convert.ToBase64String(new byte[68])}\n",
            [.. Enumerable.Repeat(digest, 26)]);
        _record = new ModuleRecord
        {
            Module = module,
            ZipH1 = h1,
            GoModH1 = h1,
            VerifiedBy = new VerifiedBy(VerificationKind.ChecksumDatabase, proof.Database, DateTimeOffset.UnixEpoch, proof),
            Info = stored,
            Mod = stored,
            Zip = stored,
        };
        _json = RecordFile.Write(_record);
    }

    [Benchmark]
    public byte[] Write() => RecordFile.Write(_record);

    [Benchmark]
    public object? Parse() => RecordFile.ParseOrNull(_json, out _);
}
