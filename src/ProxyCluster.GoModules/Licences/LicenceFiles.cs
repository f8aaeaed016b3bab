using System.Text.RegularExpressions;

namespace ProxyCluster.GoModules.Licences;

/// <summary>Which files of a module are licences: by the names that pkg.go.dev looks for, and what is written like them.</summary>
public static partial class LicenceFiles
{
    /// <summary>The most bytes that such a file may have; a longer one is not read.</summary>
    public const int MaxSize = 1 << 20;

    /// <summary>Is it one, by the last element of its path?</summary>
    public static bool IsName(ReadOnlySpan<char> path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return Names().IsMatch(name) && !name.EndsWith(".go", StringComparison.OrdinalIgnoreCase);
    }

    [GeneratedRegex(@"^(?:(?:un|mit-|apache-|bsd-)?licen[sc]es?|copying|copyright)(?:[.-][a-z0-9.-]*)?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Names();
}
