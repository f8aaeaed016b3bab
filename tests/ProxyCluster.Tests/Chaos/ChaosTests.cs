using System.Collections.Concurrent;
using System.Globalization;
using ProxyCluster.TestKit.Clusters;

namespace ProxyCluster.Tests.Chaos;

/// <summary>
/// Sequences of faults drawn from seeds. By hand: <c>PROXYCLUSTER_TESTS_CHAOS_SEED=17</c> plays one of them again,
/// <c>PROXYCLUSTER_TESTS_CHAOS_SEQUENCES=5000</c> and <c>PROXYCLUSTER_TESTS_CHAOS_ON_GRAINS=300</c> more of them.
/// </summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const int AtOnce = 4;

    /// <summary>Each on a cluster of its own, several at once.</summary>
    [Fact]
    public async Task Faults_InAHundredRandomSequences_BreakNoInvariant()
    {
        var seeds = Seeds("PROXYCLUSTER_TESTS_CHAOS_SEQUENCES", 100);
        var tally = new Tally(output);
        await Parallel.ForEachAsync(
            seeds,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestContext.Current.CancellationToken },
            async (seed, _) =>
            {
                await using var cluster = await ChaosCluster.StartAsync(ChaosSequence.Modules, new ChaosOnLocal());
                await tally.PlayAsync(new ChaosSequence(seed, cluster, 0));
            });
        tally.Conclude();
    }

    /// <summary>One after the other, on one cluster that is healed in between.</summary>
    [Fact]
    public async Task Faults_InThirtyRandomSequencesOnGrains_BreakNoInvariant()
    {
        var seeds = Seeds("PROXYCLUSTER_TESTS_CHAOS_ON_GRAINS", 30);
        var tally = new Tally(output);
        for (var played = 0; played < seeds.Length;)
        {
            await using var cluster = await ChaosCluster.StartAsync(ChaosSequence.Modules * (seeds.Length - played), new ChaosOnGrains());
            var isSound = true;
            for (var first = 0; isSound && played < seeds.Length; first += ChaosSequence.Modules * SignedWorld.Versions.Count)
                isSound = await tally.PlayAsync(new ChaosSequence(seeds[played++], cluster, first));
        }

        tally.Conclude();
    }

    private static int[] Seeds(string sequences, int usual) => Number("PROXYCLUSTER_TESTS_CHAOS_SEED") is { } one
        ? [one]
        : [.. Enumerable.Range(1, Number(sequences) ?? usual)];

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    // What was played, and what of it broke an invariant.
    private sealed class Tally(ITestOutputHelper output)
    {
        private readonly ConcurrentQueue<string> _broken = new();
        private int _sequences;
        private int _requests;
        private int _due;

        public async Task<bool> PlayAsync(ChaosSequence sequence)
        {
            var isSound = true;
            try
            {
                await sequence.RunAsync();
            }
            catch (Exception e) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                _broken.Enqueue($"{e.Message}\n{sequence.Story}");
                isSound = false;
            }

            Interlocked.Increment(ref _sequences);
            Interlocked.Add(ref _requests, sequence.Requests.All);
            Interlocked.Add(ref _due, sequence.Requests.Due);
            return isSound;
        }

        public void Conclude()
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_sequences} sequences, {_requests} requests, {_due} of them had to be answered"));
            Assert.True(_broken.IsEmpty, $"{_broken.Count} of {_sequences} sequences broke an invariant:\n\n{string.Join("\n\n", _broken)}");
        }
    }
}
