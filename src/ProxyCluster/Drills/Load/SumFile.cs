using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Drills.Load;

/// <summary>
/// A go.sum file as a list of things to ask for: whoever builds with Go has one, and its hashes are what <c>go</c> itself
/// holds every byte against.
/// </summary>
internal static class SumFile
{
    private const string OfGoMod = "/go.mod";

    /// <summary>
    /// Reads the lines <c>path version h1:…</c> and <c>path version/go.mod h1:…</c>. A module version with a zip is asked for
    /// its <c>.info</c> too, which has no hash and only has to name the version. Other lines are passed over.
    /// </summary>
    public static IEnumerable<DrillObject> Read(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is not [var path, var version, var sum]
                || !sum.StartsWith("h1:", StringComparison.Ordinal))
                continue;
            var isGoMod = version.EndsWith(OfGoMod, StringComparison.Ordinal);
            if (!ModuleVersion.TryParse(path, isGoMod ? version[..^OfGoMod.Length] : version, out var module, out _))
                continue;

            var stem = $"{module.Path.Escaped}/@v/{module.EscapedVersion}";
            if (isGoMod)
            {
                yield return DrillObject.WithSum(stem + ".mod", sum);
                continue;
            }

            yield return DrillObject.Containing(stem + ".info", $"\"{module.Version}\"");
            yield return DrillObject.WithSum(stem + ".zip", sum);
        }
    }
}
