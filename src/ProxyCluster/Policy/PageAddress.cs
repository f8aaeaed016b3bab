using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Policy;

/// <summary>The address of a module's page, as a rule writes it: <c>https://pkg.go.dev/{module}@{version}</c>.</summary>
internal static class PageAddress
{
    private const string Module = "{module}";
    private const string Version = "{version}";

    /// <summary>What is wrong with one, or null: names fill in what stands behind the host, and nothing else.</summary>
    public static string? FaultOrNull(string text) =>
        !Uri.TryCreate(text.Replace(Module, "m", StringComparison.Ordinal).Replace(Version, "v", StringComparison.Ordinal), UriKind.Absolute, out var url)
            || url.Scheme is not ("https" or "http") || url.UserInfo.Length > 0 || text.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? "write an address: https://docs.example.com/{module}@{version}"
        : text.IndexOf('{', StringComparison.Ordinal) is >= 0 and var first && first < text.IndexOf('/', text.IndexOf("://", StringComparison.Ordinal) + 3)
            || text.Replace(Module, "", StringComparison.Ordinal).Replace(Version, "", StringComparison.Ordinal).AsSpan().ContainsAny('{', '}')
            ? "there are {module} and {version} to fill in, behind the host"
        : null;

    /// <summary>The address for a module. Its characters, and those of a version, mean nothing in an address but a plus in a query.</summary>
    public static string Of(string text, ModulePath module, string? version) => text
        .Replace(Module, module.Value, StringComparison.Ordinal)
        .Replace(Version, (version ?? "latest").Replace("+", "%2B", StringComparison.Ordinal), StringComparison.Ordinal);
}
