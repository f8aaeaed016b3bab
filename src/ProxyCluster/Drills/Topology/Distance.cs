namespace ProxyCluster.Drills.Topology;

/// <summary>How far two regions are apart.</summary>
/// <param name="From">One region.</param>
/// <param name="To">The other.</param>
/// <param name="RoundTrip">Time that an answer takes.</param>
internal sealed record Distance(string From, string To, TimeSpan RoundTrip)
{
    /// <summary>The regions of a rehearsal.</summary>
    public static IReadOnlyList<string> Regions { get; } = ["tokyo", "frankfurt", "sanjose"];

    /// <summary>They are as far apart as their names say.</summary>
    public static IReadOnlyList<Distance> World { get; } =
    [
        new("tokyo", "frankfurt", TimeSpan.FromMilliseconds(230)),
        new("tokyo", "sanjose", TimeSpan.FromMilliseconds(100)),
        new("frankfurt", "sanjose", TimeSpan.FromMilliseconds(150)),
    ];
}
