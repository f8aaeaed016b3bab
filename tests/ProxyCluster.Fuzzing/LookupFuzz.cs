using ProxyCluster.GoModules.ChecksumDatabase;

namespace ProxyCluster.Fuzzing;

/// <summary>The answer to a lookup that is parsed is the one that was sent.</summary>
internal sealed class LookupFuzz : FuzzTarget
{
    public override IReadOnlyList<byte[]> Sound { get; } = new SmallDatabase().Lookups;

    public override bool Holds(byte[] bytes) => LookupResponse.TryParse(bytes, out var response, out var error)
        ? response.ToBytes().AsSpan().SequenceEqual(bytes)
        : error.Length > 0;
}
