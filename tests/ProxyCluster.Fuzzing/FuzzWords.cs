using System.Text;

namespace ProxyCluster.Fuzzing;

/// <summary>Words that mean something to one of the parsers, and that chance would take long to find.</summary>
internal static class FuzzWords
{
    private static readonly string[] Texts =
    [
        "/", "//", "..", "/../", "%", "%2f", "%2F", "%00", "%e9", "!", "!!", "!a", "@", "@v", "@v/list", "@latest", "\n", "\n\n", "\r", "\0", " ", "—", "\u2014 ",
        "v1", "v1.2.3", "v0.0.0-20200101000000-abcdefabcdef", "+incompatible", ".info", ".mod", ".zip", ".p/", "000", "x001", "255", "256", "-1", "9223372036854775807",
        "9223372036854775808", "{", "}", "[", "]", "null", "\"", "\\u0000", "\\ud800", "\"format\":1", "h1:", "=", "http://a", "?", "#",
        "x.org/y@v1.0.0/", "go.mod", "LICENSE", "vendor/", "\u212a", "PK\u0001\u0002", "PK\u0003\u0004", "PK\u0005\u0006", "PK\u0006\u0006", "PK\u0006\u0007", "PK\u0007\u0008",
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<byte[]> All { get; } = [.. Texts.Select(Encoding.UTF8.GetBytes)];
}
