using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.GoModules.Names;

/// <summary>Go's <c>CheckFilePath</c> (spec §1): the names that may stand in a module zip.</summary>
public static class FilePathRules
{
    /// <summary>
    /// True for a slash-separated relative path whose every element is a portable file name; otherwise says in one
    /// sentence why not. Unpaired surrogates count as invalid UTF-8.
    /// </summary>
    public static bool TryCheck(ReadOnlySpan<char> path, [NotNullWhen(false)] out string? error)
    {
        var fault = FaultOrNull(path);
        error = fault is null ? null : $"malformed file path {Quote.Of(path)}: {fault}";
        return fault is null;
    }

    /// <summary>The same for a single element: a name without slashes.</summary>
    public static bool TryCheckElement(ReadOnlySpan<char> element, [NotNullWhen(false)] out string? error)
    {
        var fault = PathElements.FilePathFaultOrNull(element);
        error = fault is null ? null : $"malformed file name {Quote.Of(element)}: {fault}";
        return fault is null;
    }

    internal static string? FaultOrNull(ReadOnlySpan<char> path)
    {
        if (path.IsEmpty)
            return "it is empty";

        foreach (var element in path.Split('/'))
        {
            if (PathElements.FilePathFaultOrNull(path[element]) is { } fault)
                return fault;
        }

        return null;
    }
}
