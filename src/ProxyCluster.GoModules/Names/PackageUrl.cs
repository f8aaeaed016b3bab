namespace ProxyCluster.GoModules.Names;

/// <summary>
/// Package URLs of modules (purl specification, type <c>golang</c>): <c>pkg:golang/github.com/gorilla/mux@v1.8.0</c>.
/// </summary>
/// <remarks>
/// The specification wants namespace and name in small letters, and its own examples and most programs keep them: a module whose path has capitals
/// is another one without them. So they are kept. The last element is the name, be it a major version (<c>/v2</c>), and <c>+incompatible</c> is written
/// <c>%2Bincompatible</c>. Programs read such URLs in different ways, so nothing here compares them.
/// </remarks>
public static class PackageUrl
{
    private const string Type = "pkg:golang/";

    /// <summary>The URL of a module version; of the module where <paramref name="version"/> is null.</summary>
    /// <param name="path">Its path, or <c>stdlib</c>.</param>
    /// <param name="version">Its version as the <c>go</c> command writes it.</param>
    /// <param name="package">A package in it, which is its subpath; null for all of it.</param>
    public static string Of(string path, string? version, string? package = null)
    {
        var url = Type + Escape(path);
        if (version is not null)
            url += "@" + Uri.EscapeDataString(version);
        return package?.StartsWith(path + "/", StringComparison.Ordinal) == true ? $"{url}#{Escape(package[(path.Length + 1)..])}" : url;
    }

    private static string Escape(string path) => string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
}
