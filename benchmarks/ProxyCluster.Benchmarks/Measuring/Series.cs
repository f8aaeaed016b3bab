namespace ProxyCluster.Benchmarks.Measuring;

/// <summary>Values of one quantity over the rounds: the middle, and the half of all rounds around it.</summary>
internal sealed record Series(double Median, double Low, double High, int Count)
{
    public static Series Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return new Series(At(sorted, 0.5), At(sorted, 0.25), At(sorted, 0.75), sorted.Length);
    }

    private static double At(double[] sorted, double share)
    {
        var at = share * (sorted.Length - 1);
        var below = (int)at;
        return below + 1 >= sorted.Length
            ? sorted[^1]
            : sorted[below] + ((at - below) * (sorted[below + 1] - sorted[below]));
    }
}
