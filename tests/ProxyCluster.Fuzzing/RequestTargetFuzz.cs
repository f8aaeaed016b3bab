using System.Text;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Http;

namespace ProxyCluster.Fuzzing;

/// <summary>A request target that is decoded asks for what its path says, and is passed on with the same path.</summary>
internal sealed class RequestTargetFuzz : FuzzTarget
{
    public override IReadOnlyList<byte[]> Sound { get; } =
    [
        "/github.com/!burnt!sushi/toml/@v/v1.2.0.zip"u8.ToArray(),
        "/gopkg.in/yaml.v3/@v/list"u8.ToArray(),
        "/example.com/a/v2/@latest"u8.ToArray(),
        "/example.com/a/@v/feature%2Fx.info"u8.ToArray(),
        "http://proxy/example.com/a/@v/v1.info?x=1"u8.ToArray(),
        "/sumdb/sum.golang.org/tile/8/0/x001/234.p/5"u8.ToArray(),
        "/example.com/a/@v/v2.0.0+incompatible.mod"u8.ToArray(),
    ];

    public override bool Holds(byte[] bytes)
    {
        var target = Encoding.Latin1.GetString(bytes);
        if (!RequestTarget.PathOf(RequestTarget.From(target)).SequenceEqual(RequestTarget.PathOf(target)))
            return false;
        if (!RequestTarget.TryDecode(RequestTarget.PathOf(target), out var path, out var error))
            return error.Length > 0;
        if (path.Any(static c => c is < ' ' or > '~') || path.Split('/')[1..].Any(static element => element is "." or ".."))
            return false;

        var asked = ProxyPath.Parse(path[1..]);
        return asked.Asked switch
        {
            Asked.Artifact => path[1..] == ProxyPath.Of(asked.Module, asked.Kind),
            Asked.Query => asked.Query.Key == path[1..],
            _ => true,
        };
    }
}
