using System.Text;

namespace ProxyCluster.Tests.Silo;

/// <summary>An answer as it came over the wire. Header names are found in any case; an absent header is null.</summary>
internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string? this[string header] => Headers.GetValueOrDefault(header);

    public string Text => Encoding.UTF8.GetString(Body);
}
