namespace ProxyCluster.GoModules.Names;

/// <summary>
/// A comma-separated list of path-prefix globs as in <c>GOPRIVATE</c> (spec §3). A glob with k slashes is matched against
/// the first k+1 elements of the module path, so <c>rsc.io</c> covers all of rsc.io. A malformed glob matches nothing, as
/// in <c>go</c>; <see cref="InvalidPatterns"/> lets configuration refuse it instead. Go's value <c>none</c> needs no
/// special case: it matches only a path whose first element is <c>none</c>, and no module path has one.
/// </summary>
public sealed class ModulePathPatterns
{
    private readonly string[] _patterns;

    private ModulePathPatterns(string text)
    {
        var all = text.Split(',')
            .Select(static item => item.EndsWith('/') ? item[..^1] : item)
            .Where(static item => item.Length > 0)
            .ToArray();
        Text = text;
        InvalidPatterns = [.. all.Where(static item => !Glob.IsWellFormed(item))];
        _patterns = [.. all.Where(Glob.IsWellFormed)];
    }

    /// <summary>Matches nothing.</summary>
    public static ModulePathPatterns None { get; } = new("");

    /// <summary>The list as it was written.</summary>
    public string Text { get; }

    /// <summary>The globs that are malformed, in their order.</summary>
    public IReadOnlyList<string> InvalidPatterns { get; }

    /// <summary>Reads a list; null and empty match nothing.</summary>
    public static ModulePathPatterns Parse(string? text) => string.IsNullOrEmpty(text) ? None : new(text);

    /// <summary>The first glob of the list that covers the path, or null.</summary>
    public string? MatchOrNull(ModulePath path) => MatchOrNull(path.Value);

    /// <summary>The same for any path, such as a host with what is asked of it.</summary>
    public string? MatchOrNull(string path)
    {
        foreach (var pattern in _patterns)
        {
            if (TryTakeElements(path, pattern.AsSpan().Count('/') + 1, out var prefix) && Glob.IsMatch(pattern, prefix))
                return pattern;
        }

        return null;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static bool TryTakeElements(ReadOnlySpan<char> path, int count, out ReadOnlySpan<char> prefix)
    {
        prefix = path;
        for (var end = 0; ; end++)
        {
            var slash = path[end..].IndexOf('/');
            end = slash < 0 ? path.Length : end + slash;
            if (--count == 0)
            {
                prefix = path[..end];
                return true;
            }

            if (slash < 0)
                return false;
        }
    }
}
