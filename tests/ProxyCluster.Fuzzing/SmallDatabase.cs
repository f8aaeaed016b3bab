using System.Globalization;
using System.Text;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.ChecksumDatabase;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;

namespace ProxyCluster.Fuzzing;

/// <summary>A checksum database of five records, and the tree that it signed after each.</summary>
internal sealed class SmallDatabase
{
    private readonly InMemoryChecksumDatabase _database = new(SignerKey.FromSeed("sumdb.test/go", new byte[32]));

    public SmallDatabase()
    {
        Notes = [.. Enumerable.Range(0, 5).Select(i =>
        {
            _database.Append(Module(i), H1(i, "zip"), H1(i, "mod"));
            return Encoding.UTF8.GetBytes(_database.SignTree());
        })];
        Lookups = [.. Enumerable.Range(0, 5).Select(i => Read($"lookup/example.org/!mod@{Module(i).Version}"))];
    }

    public VerifierKey Key => _database.Key;

    public IReadOnlyList<byte[]> Notes { get; }

    public IReadOnlyList<byte[]> Lookups { get; }

    private static ModuleVersion Module(int i) =>
        new(ModulePath.Parse("example.org/Mod"), string.Create(CultureInfo.InvariantCulture, $"v1.{i}.0"));

    private static string H1(int i, string of) => $"h1:{Digest.Of([(byte)i, .. Encoding.ASCII.GetBytes(of)]).ToBase64()}";

    // In memory: it answers at once.
    private byte[] Read(string path) => _database.ReadAsync(path, CancellationToken.None).AsTask().GetAwaiter().GetResult().Body.ToArray();
}
