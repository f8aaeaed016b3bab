namespace ProxyCluster.Benchmarks.Measuring;

/// <summary>Two things measured in <see cref="Turns"/>.</summary>
internal static class Pairs
{
    public static async Task<IReadOnlyList<(T A, T B)>> MeasureAsync<T>(int rounds, Func<Task<T>> a, Func<Task<T>> b) =>
        [.. (await Turns.MeasureAsync(rounds, [a, b])).Select(static turn => (turn[0], turn[1]))];
}
