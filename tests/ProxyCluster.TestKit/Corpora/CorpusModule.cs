using System.Text.Json.Serialization;

namespace ProxyCluster.TestKit.Corpora;

/// <summary>One module of the corpus.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Kind"><c>real</c>, <c>adapted</c> or <c>stub</c>; tests/go/packmodules says what each means.</param>
/// <param name="Versions">Its versions, ascending.</param>
public sealed record CorpusModule(
    [property: JsonPropertyName("path")] string Path,
    [property: JsonPropertyName("kind")] string Kind,
    [property: JsonPropertyName("versions")] IReadOnlyList<string> Versions);
