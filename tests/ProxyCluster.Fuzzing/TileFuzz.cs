using System.Text;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.Fuzzing;

/// <summary>A tile that is parsed has one spelling.</summary>
internal sealed class TileFuzz : FuzzTarget
{
    public override IReadOnlyList<byte[]> Sound { get; } =
    [
        "tile/8/0/000"u8.ToArray(),
        "tile/8/63/x001/x234/067.p/1"u8.ToArray(),
        "tile/8/data/x001/234"u8.ToArray(),
        "tile/8/data/000.p/255"u8.ToArray(),
    ];

    public override bool Holds(byte[] bytes)
    {
        var path = Encoding.UTF8.GetString(bytes);
        if (!Tile.TryParse(path, out var tile))
            return true;
        _ = tile.BeginningOrNull(bytes);
        return tile.ToString() == path;
    }
}
