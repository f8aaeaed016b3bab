using System.Collections.Concurrent;
using System.Globalization;

namespace ProxyCluster.Tests.Chaos;

/// <summary>
/// Sequences of faults drawn from seeds. By hand: <c>PROXYCLUSTER_TESTS_CHAOS_SEED=17</c> plays one of them again,
/// <c>PROXYCLUSTER_TESTS_CHAOS_SEQUENCES=5000</c> more of them.
/// </summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const int AtOnce = 4;

    [Fact]
    public async Task Faults_InAHundredRandomSequences_BreakNoInvariant()
    {
        int[] seeds = Number("PROXYCLUSTER_TESTS_CHAOS_SEED") is { } one
            ? [one]
            : [.. Enumerable.Range(1, Number("PROXYCLUSTER_TESTS_CHAOS_SEQUENCES") ?? 100)];
        var broken = new ConcurrentQueue<string>();
        int requests = 0, due = 0;

        await Parallel.ForEachAsync(
            seeds,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestContext.Current.CancellationToken },
            async (seed, _) =>
            {
                var sequence = new ChaosSequence(seed);
                try
                {
                    await sequence.RunAsync();
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    broken.Enqueue($"{e.Message}\n{sequence.Story}");
                }

                Interlocked.Add(ref requests, sequence.Requests.All);
                Interlocked.Add(ref due, sequence.Requests.Due);
            });

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seeds.Length} sequences, {requests} requests, {due} of them had to be answered"));
        Assert.True(broken.IsEmpty, $"{broken.Count} of {seeds.Length} sequences broke an invariant:\n\n{string.Join("\n\n", broken)}");
    }

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
