namespace ProxyCluster.GoModules.Advisories;

/// <summary>Versions as advisories write them: <c>1.2.3</c>, <c>v1.2.3</c> and <c>go1.2.3</c> are the same.</summary>
internal static class AdvisoryVersions
{
    /// <summary>With the <c>v</c> of a module version. Not every text that comes of it is a version.</summary>
    public static string WithPrefix(string version)
    {
        var bare = version.AsSpan();
        if (bare.StartsWith("v", StringComparison.Ordinal))
            bare = bare[1..];
        if (bare.StartsWith("go", StringComparison.Ordinal))
            bare = bare[2..];
        if (bare.StartsWith("v", StringComparison.Ordinal) || bare.StartsWith("go", StringComparison.Ordinal))
            return bare.ToString();
        return bare.Length == version.Length - 1 && version[0] == 'v' ? version : $"v{bare}";
    }
}
