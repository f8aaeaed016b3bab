using System.Globalization;
using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.Benchmarks.Running;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Benchmarks.Growth;

/// <summary>
/// What a silo's memory grows by with what it has stored: resident bytes of a silo that was started on a full store, over
/// those of one that was started on an empty one. The memory cache of what was asked for lately has a budget of its own
/// and is not in it.
/// </summary>
internal static class StoredFigures
{
    private const int Stored = 20_000;
    private const int Hundred = 100_000;
    private const string Pattern = "stored.example.com/*";

    public static async Task MeasureAsync(Report report)
    {
        using var client = new HttpClient();
        using var scratch = new ScratchDirectory();
        await using var upstream = UpstreamServer.Start();
        var paths = Enumerable.Range(0, Stored)
            .Select(static n => string.Create(CultureInfo.InvariantCulture, $"stored.example.com/m{n / 10}/@v/v1.{n % 10}.0.mod")).ToList();
        foreach (var path in paths)
            upstream.Put("/" + path, $"module {path[..path.IndexOf("/@v/", StringComparison.Ordinal)]}\n");

        await using (var filling = await StartAsync("full"))
        {
            await Parallel.ForEachAsync(paths, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (path, cancel) =>
            {
                using var answer = await client.GetAsync(new Uri($"{filling.Url}/{path}"), cancel);
                answer.EnsureSuccessStatusCode();
            });
        }

        var empty = await ResidentAsync("empty");
        var full = await ResidentAsync("full");
        var perHundred = (full - empty) / 1048576.0 * Hundred / Stored;
        report.Add($"Memory with {Stored} module versions stored",
        [
            new Finding(GrowthScenario.Name, $"per {Hundred} module versions", "MiB", Series.Of([perHundred]), null,
                string.Create(CultureInfo.InvariantCulture, $"resident {full >> 20} MiB full, {empty >> 20} MiB empty, after start and one answer")),
        ]);

        async Task<long> ResidentAsync(string data)
        {
            await using var proxy = await StartAsync(data);
            using var answer = await client.GetAsync(new Uri($"{proxy.Url}/{paths[0]}"));
            answer.EnsureSuccessStatusCode();
            using var metrics = await client.GetAsync(new Uri($"{proxy.Url}/metrics"));
            return proxy.Process.ResidentBytes;
        }

        Task<Server> StartAsync(string data) =>
            ProxyServer.StartAsync(client, scratch[data], upstream.Url, ["--sumdb", "off", "--no-sumdb", Pattern]);
    }
}
