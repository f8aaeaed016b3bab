namespace ProxyCluster.Placement;

/// <summary>A key that belongs to a region: <c>tokyo example.com/m@v1.0.0</c>.</summary>
/// <param name="Region">The region.</param>
/// <param name="Key">The key inside it, by which its place among the region's silos is found.</param>
internal readonly record struct RegionKey(string Region, string Key)
{
    /// <summary>Reads one; a text without a region is the key of all regions, which is named "".</summary>
    public static RegionKey Parse(string text) =>
        text.IndexOf(' ', StringComparison.Ordinal) is >= 0 and var at ? new(text[..at], text[(at + 1)..]) : new("", text);

    /// <inheritdoc/>
    public override string ToString() => $"{Region} {Key}";
}
