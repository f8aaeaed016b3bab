namespace ProxyCluster.Configuration;

/// <summary>One value that somebody set.</summary>
/// <param name="Key">Section and name, e.g. <c>Storage:Data</c>.</param>
/// <param name="Value">The text as it was written.</param>
/// <param name="Source">Where it was written, for people: <c>flag --data</c>, <c>environment GOPROXY</c>, a file name.</param>
internal sealed record Setting(string Key, string Value, string Source);
