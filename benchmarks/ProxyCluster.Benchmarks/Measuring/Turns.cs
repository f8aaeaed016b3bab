namespace ProxyCluster.Benchmarks.Measuring;

/// <summary>
/// Things measured in turns, a b c, c b a, a b c, …: whatever else the machine does meanwhile meets all of them, so the ratio
/// within a turn means something where the absolute values do not.
/// </summary>
internal static class Turns
{
    /// <summary>The figures of each turn, in the order of the things.</summary>
    public static async Task<IReadOnlyList<IReadOnlyList<T>>> MeasureAsync<T>(int rounds, IReadOnlyList<Func<Task<T>>> things)
    {
        var turns = new List<IReadOnlyList<T>>(rounds);
        for (var round = 0; round < rounds; round++)
        {
            var figures = new T[things.Count];
            for (var i = 0; i < things.Count; i++)
            {
                var at = round % 2 == 0 ? i : things.Count - 1 - i;
                figures[at] = await things[at]();
            }

            turns.Add(figures);
        }

        return turns;
    }
}
