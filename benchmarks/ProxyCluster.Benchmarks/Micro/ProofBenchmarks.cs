using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.Benchmarks.Micro;

/// <summary>Verification against a checksum database of a million records.</summary>
public class ProofBenchmarks
{
    private const int Records = 1_000_000;
    private const int Wanted = 123_456;

    private readonly VerifierKey[] _keys = new VerifierKey[1];
    private string _signedTree = "";
    private ReadOnlyMemory<byte>[] _tiles = [];
    private TreeHead _head;
    private IReadOnlyList<Digest> _inclusion = [];
    private Digest _leaf;

    [GlobalSetup]
    public void Setup()
    {
        var path = ModulePath.Parse("example.com/module");
        var database = new InMemoryChecksumDatabase(SignerKey.Generate("sumdb.example.test"));
        _keys[0] = database.Key;
        for (var i = 0; i < Records; i++)
        {
            if (!ModuleVersion.TryCreate(path, string.Create(CultureInfo.InvariantCulture, $"v1.0.{i}"), out var module, out var fault))
                throw new InvalidOperationException(fault);
            database.Append(module, $"{path} {module.Version} h1:{i}\n");
        }

        _signedTree = database.SignTree();
        _head = new TreeHead(Records, database.RootOf(Records));
        _leaf = MerkleHash.OfRecord(Encoding.UTF8.GetBytes($"{path} v1.0.{Wanted} h1:{Wanted}\n"));
        var plan = new TilePlan(Records).WithRecord(Wanted);
        _tiles = [.. plan.Tiles.Select(tile => database.ReadAsync(tile.ToString(), default).AsTask().GetAwaiter().GetResult().Body)];
        if (!plan.TryProve(_head.Root, _tiles, out var proven, out var error))
            throw new InvalidOperationException(error);
        _inclusion = InclusionProof.Create(Wanted, Records, proven.Hash);
    }

    /// <summary>Signature of a tree.</summary>
    [Benchmark]
    public bool OpenNote() => SignedNote.TryOpen(_signedTree, _keys, out _, out _);

    /// <summary>All tiles of a lookup against the root, none of them cached.</summary>
    [Benchmark]
    public bool ProveTiles() => new TilePlan(Records).WithRecord(Wanted).TryProve(_head.Root, _tiles, out _, out _);

    /// <summary>What a peer or an auditor repeats.</summary>
    [Benchmark]
    public bool ProveInclusion() => InclusionProof.Verify(_inclusion, _head, Wanted, _leaf);
}
