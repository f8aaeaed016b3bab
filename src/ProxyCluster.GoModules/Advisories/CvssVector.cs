namespace ProxyCluster.GoModules.Advisories;

/// <summary>
/// Base scores of CVSS 3.0 and 3.1 vectors (specification §7.1 and §8.1). Version 4 needs a table of 270 scores and version 2 is
/// used for nothing any more; their vectors have no score here.
/// </summary>
internal static class CvssVector
{
    /// <summary>The base score, 0 to 10 in tenths; null where the text is no such vector.</summary>
    public static double? ScoreOrNull(string vector)
    {
        var parts = vector.Split('/');
        if (parts[0] is not ("CVSS:3.0" or "CVSS:3.1"))
            return null;

        var metrics = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in parts.AsSpan(1))
        {
            if (part.Split(':') is not [var name, var value] || !metrics.TryAdd(name, value))
                return null;
        }

        if (Weight("S", ("U", 0), ("C", 1)) is not { } scope)
            return null;
        var isChanged = scope == 1;
        var exploitability = 8.22
            * Weight("AV", ("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2))
            * Weight("AC", ("L", 0.77), ("H", 0.44))
            * Weight("PR", ("N", 0.85), ("L", isChanged ? 0.68 : 0.62), ("H", isChanged ? 0.5 : 0.27))
            * Weight("UI", ("N", 0.85), ("R", 0.62));
        var lost = 1 - ((1 - Loss("C")) * (1 - Loss("I")) * (1 - Loss("A")));
        if (exploitability is not { } ease || lost is not { } loss)
            return null;

        var impact = isChanged ? (7.52 * (loss - 0.029)) - (3.25 * Math.Pow(loss - 0.02, 15)) : 6.42 * loss;
        return impact <= 0 ? 0 : RoundUp(Math.Min((isChanged ? 1.08 : 1) * (impact + ease), 10));

        double? Loss(string metric) => Weight(metric, ("H", 0.56), ("L", 0.22), ("N", 0));

        double? Weight(string metric, params ReadOnlySpan<(string Value, double Weight)> weights)
        {
            foreach (var (value, weight) in weights)
            {
                if (metrics.GetValueOrDefault(metric) == value)
                    return weight;
            }

            return null;
        }
    }

    // Appendix A of 3.1: by whole numbers, so that every machine rounds the same.
    private static double RoundUp(double score)
    {
        var exact = (int)Math.Round(score * 100_000);
        return (exact % 10_000 == 0 ? exact / 10_000 : (exact / 10_000) + 1) / 10.0;
    }
}
