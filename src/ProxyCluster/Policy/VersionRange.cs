using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Policy;

/// <summary>
/// A range of versions in Go's order: bounds that must all hold, <c>&gt;=v1.2.0 &lt;v1.4.0-0</c>. What precedence cannot tell apart
/// (<c>+incompatible</c> and nothing) is the same to it.
/// </summary>
internal sealed class VersionRange
{
    private static readonly ImmutableArray<(string Sign, Func<int, bool> Holds)> Signs =
    [
        (">=", static order => order >= 0),
        ("<=", static order => order <= 0),
        (">", static order => order > 0),
        ("<", static order => order < 0),
        ("=", static order => order == 0),
    ];

    private readonly ImmutableArray<Bound> _bounds;

    private VersionRange(string text, ImmutableArray<Bound> bounds) => (Text, _bounds) = (text, bounds);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Lies a canonical version in it?</summary>
    public bool Includes(string version)
    {
        foreach (var bound in _bounds)
        {
            if (!bound.Holds(Semver.Compare(version, bound.Version)))
                return false;
        }

        return true;
    }

    /// <summary>Reads one, or says why it is none.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out VersionRange? range, [NotNullWhen(false)] out string? error)
    {
        (range, error) = (null, null);
        var bounds = ImmutableArray.CreateBuilder<Bound>();
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var (sign, holds) = Signs.FirstOrDefault(sign => word.StartsWith(sign.Sign, StringComparison.Ordinal), ("", static order => order == 0));
            var version = word[sign.Length..];
            if (sign is "" or "=" ? !Semver.IsCanonical(version) : !Semver.IsValid(version))
            {
                error = $"\"{word}\" is no bound of versions: write v1.2.3, or >=v1.2.0 <v1.4.0 with a blank between bounds and none behind a sign";
                return false;
            }

            bounds.Add(new Bound(holds, version));
        }

        if (bounds.Count == 0)
            error = "it names no version";
        else
            range = new VersionRange(text, bounds.ToImmutable());
        return range is not null;
    }

    private readonly record struct Bound(Func<int, bool> Holds, string Version);
}
