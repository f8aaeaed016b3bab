namespace ProxyCluster.GoModules.Zips;

/// <summary>The rules that hold for a file in a zip and for a file on its way into one (spec §4).</summary>
internal static class ModuleFileRules
{
    public const string GoMod = "go.mod";

    public static bool IsGoModName(ReadOnlySpan<char> name) => name.Equals(GoMod, StringComparison.OrdinalIgnoreCase);

    /// <summary>What is wrong with a file that is called go.mod in any case, or null.</summary>
    public static string? GoModFaultOrNull(ReadOnlySpan<char> path)
    {
        if (!IsGoModName(path[(path.LastIndexOf('/') + 1)..]))
            return null;
        if (path.Contains('/'))
            return "go.mod stands outside the module's root";
        return path.SequenceEqual(GoMod) ? null : "go.mod must be in lower case";
    }

    public static string? SizeFaultOrNull(ReadOnlySpan<char> path, long size, ZipLimits limits)
    {
        if (path is GoMod && size > limits.MaxGoModBytes)
            return $"go.mod is larger than {limits.MaxGoModBytes} bytes";
        return path is "LICENSE" && size > limits.MaxLicenseBytes
            ? $"LICENSE is larger than {limits.MaxLicenseBytes} bytes"
            : null;
    }

    /// <summary>
    /// True if the path is inside a vendored package. Before go 1.24 a nested <c>vendor</c> is measured from the wrong
    /// place, which is kept because hashes depend on it: every file below one looks nested.
    /// From 1.24 on, the list of vendored modules goes as well.
    /// </summary>
    public static bool IsVendored(ReadOnlySpan<char> path, bool isGo124)
    {
        const string Top = "vendor/", Nested = "/vendor/";
        if (isGo124 && path is "vendor/modules.txt")
            return true;

        int from;
        if (path.StartsWith(Top, StringComparison.Ordinal))
            from = Top.Length;
        else if (path.IndexOf(Nested, StringComparison.Ordinal) is var at and >= 0)
            from = isGo124 ? at + Nested.Length : Nested.Length;
        else
            return false;
        return from < path.Length && path[from..].Contains('/');
    }
}
