using System.Text;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.TransparencyLog;

namespace ProxyCluster.Fuzzing;

/// <summary>
/// A tree that is parsed is written as the same tree. Go takes the root's last two bits as they come, so a tree has more
/// than one spelling; a signature is of one.
/// </summary>
internal sealed class TreeFuzz : FuzzTarget
{
    public override IReadOnlyList<byte[]> Sound { get; } =
    [
        Encoding.UTF8.GetBytes(TreeNote.Format(new TreeHead(5, Digest.Of("x"u8)))),
        Encoding.UTF8.GetBytes(TreeNote.Format(new TreeHead(long.MaxValue, Digest.Of("y"u8))) + "more\n"),
    ];

    public override bool Holds(byte[] bytes) => TreeNote.TryParse(Encoding.UTF8.GetString(bytes), out var head, out var error)
        ? TreeNote.TryParse(TreeNote.Format(head), out var again, out _) && again == head
        : error.Length > 0;
}
