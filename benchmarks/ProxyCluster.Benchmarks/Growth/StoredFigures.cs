using System.Globalization;
using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.Benchmarks.Running;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Benchmarks.Growth;

/// <summary>
/// What a silo's memory grows by with what it has stored: resident bytes of a silo that was started on a full store, over
/// those of one that was started on an empty one; and once more when every stored module version was asked for, which
/// fills the memory cache as far as its budget goes.
/// </summary>
internal static class StoredFigures
{
    private const int Stored = 20_000;
    private const int Hundred = 100_000;
    private const string Pattern = "stored.example.com/*";

    public static async Task MeasureAsync(Report report, Effort effort)
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

        var pairs = await Pairs.MeasureAsync(Math.Max(3, effort.Rounds), () => ResidentAsync("full"), () => ResidentAsync("empty"));
        report.Add($"Memory with {Stored} module versions stored, per {Hundred}: {pairs.Count} pairs of starts",
        [
            Find("after the start", "MiB over an empty store", pairs.Select(static p => PerHundred(p.A.Started - p.B.Started)),
                $"resident {pairs[^1].A.Started >> 20} MiB full, {pairs[^1].B.Started >> 20} MiB empty"),
            Find("after each was asked for once", "MiB over the start", pairs.Select(static p => PerHundred(p.A.Asked - p.A.Started)),
                $"resident {pairs[^1].A.Asked >> 20} MiB; the memory cache and what answering costs are in it"),
        ]);

        async Task<(long Started, long Asked)> ResidentAsync(string data)
        {
            await using var proxy = await StartAsync(data);
            await AskAsync(paths[0]);
            var started = proxy.Process.ResidentBytes;
            if (data == "full")
                await Parallel.ForEachAsync(paths, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (path, _) => await AskAsync(path));
            return (started, proxy.Process.ResidentBytes);

            async Task AskAsync(string path)
            {
                using var answer = await client.GetAsync(new Uri($"{proxy.Url}/{path}"));
                answer.EnsureSuccessStatusCode();
            }
        }

        Task<Server> StartAsync(string data) =>
            ProxyServer.StartAsync(client, scratch[data], upstream.Url, ["--sumdb", "off", "--no-sumdb", Pattern]);
    }

    private static Finding Find(string subject, string figure, IEnumerable<double> values, string notes) =>
        new(GrowthScenario.Name, subject, figure, Series.Of(values), null, notes);

    private static double PerHundred(long bytes) => bytes / 1048576.0 * Hundred / Stored;
}
