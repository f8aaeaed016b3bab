namespace ProxyCluster.Benchmarks.Measuring;

/// <summary>
/// Two things measured in turns, a b, b a, a b, …: whatever else the machine does meanwhile meets both, so the ratio
/// within a pair means something where the absolute values do not.
/// </summary>
internal static class Pairs
{
    public static async Task<IReadOnlyList<(T A, T B)>> MeasureAsync<T>(int rounds, Func<Task<T>> a, Func<Task<T>> b)
    {
        var pairs = new List<(T, T)>(rounds);
        for (var round = 0; round < rounds; round++)
        {
            if (round % 2 == 0)
            {
                var first = await a();
                pairs.Add((first, await b()));
            }
            else
            {
                var first = await b();
                pairs.Add((await a(), first));
            }
        }

        return pairs;
    }
}
