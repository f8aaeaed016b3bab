using System.Collections.Concurrent;
using System.Diagnostics;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Clusters;

namespace ProxyCluster.EndToEnd.Abuse;

/// <summary>
/// Build machines that do as they should: each asks for one thing after the other, mostly for what everybody needs, now and
/// then for a module version that nobody has asked for before.
/// </summary>
internal sealed class PoliteFarm
{
    private const int HitsPerColdModule = 20;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    private readonly SignedWorld _world;
    private readonly Uri _door;
    private readonly int _warm;
    private readonly ConcurrentQueue<int> _cold;

    /// <param name="world">What there is to ask for.</param>
    /// <param name="door">Whom they ask.</param>
    /// <param name="warm">So many module versions are what everybody needs.</param>
    /// <param name="cold">The numbers of those that nobody has asked for yet.</param>
    public PoliteFarm(SignedWorld world, Uri door, int warm, IEnumerable<int> cold) => (_world, _door, _warm, _cold) = (world, door, warm, new(cold));

    /// <summary>What became of requests for what is stored.</summary>
    public Tally Hits { get; } = new();

    /// <summary>The same for the artifacts of cold module versions.</summary>
    public Tally Misses { get; } = new();

    /// <summary>How long each cold module version took, all three artifacts, in seconds.</summary>
    public ConcurrentQueue<double> ColdModules { get; } = [];

    /// <summary>Stores what everybody needs.</summary>
    public async Task WarmUpAsync()
    {
        using var client = Client("127.0.0.10");
        foreach (var path in Enumerable.Range(0, _warm).SelectMany(PathsOf))
            await Hits.AskAsync(client, _door, path, _world.BodyOf(path), CancellationToken.None);
    }

    /// <summary>Lets them work for so long.</summary>
    public Task WorkAsync(int clients, TimeSpan time) => Task.WhenAll(Enumerable.Range(0, clients).Select(async n =>
    {
        using var client = Client($"127.0.0.{11 + n}");
        var random = new Random(n);
        var began = Stopwatch.GetTimestamp();
        for (var turn = n; Stopwatch.GetElapsedTime(began) < time; turn++)
        {
            if (turn % HitsPerColdModule == 0 && _cold.TryDequeue(out var module))
            {
                var asked = Stopwatch.GetTimestamp();
                foreach (var path in PathsOf(module))
                    await Misses.AskAsync(client, _door, path, _world.BodyOf(path), CancellationToken.None);
                ColdModules.Enqueue(Stopwatch.GetElapsedTime(asked).TotalSeconds);
            }
            else
            {
                var path = PathsOf(random.Next(_warm)).ElementAt(random.Next(3));
                await Hits.AskAsync(client, _door, path, _world.BodyOf(path), CancellationToken.None);
            }

            await Task.Delay(Pace);
        }
    }));

    private static HttpClient Client(string address) => new(ClientAt.Address(address)) { Timeout = TimeSpan.FromMinutes(1) };

    private IEnumerable<string> PathsOf(int module) => new[] { ".info", ".mod", ".zip" }.Select(ending => _world.PathOf(module, ending));
}
