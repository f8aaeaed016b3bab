namespace ProxyCluster.Configuration;

/// <summary>One option as it is in force.</summary>
/// <param name="Key">Section and name.</param>
/// <param name="Value">The value as text, secrets masked; empty where nothing is set.</param>
/// <param name="Source">Where it came from; <see cref="Default"/> where nobody set it.</param>
internal sealed record EffectiveSetting(string Key, string Value, string Source)
{
    /// <summary>The source of a value that nobody set.</summary>
    public const string Default = "default";
}
