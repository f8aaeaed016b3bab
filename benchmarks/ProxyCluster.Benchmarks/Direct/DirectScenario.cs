using System.Diagnostics;
using System.Globalization;
using System.Text;
using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.Benchmarks.Running;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Repositories;

namespace ProxyCluster.Benchmarks.Direct;

/// <summary>
/// What the proxy saves whose modules are in repositories: wall time of <c>go mod download</c> of private modules that it has never
/// seen, against <c>GOPROXY=direct</c> of the same <c>go</c>; and what a second version of a repository costs that is mirrored already,
/// against the first. The proxy has served others before: its own start is not measured.
/// </summary>
internal static class DirectScenario
{
    public const string Name = "direct";

    private const int Modules = 30, Mirrored = 10, Earlier = 30;

    // What names stand for is asked again after that (Direct:FreshFor).
    private static readonly TimeSpan UntilStale = TimeSpan.FromSeconds(6);

    public static async Task RunAsync(Report report, Effort effort)
    {
        using var files = new ScratchDirectory();
        await RunAsync(report, effort, "file", $"file://{files.Path}/", new PrivateRepositories(files.Path));
        using var served = new ScratchDirectory();
        using var server = new GitHttpServer(served.Path);
        await RunAsync(report, effort, "http", server.Url, new PrivateRepositories(served.Path));
    }

    private static async Task RunAsync(Report report, Effort effort, string transport, string address, PrivateRepositories repositories)
    {
        var newerGo = GoWorkspace.NewerGo();
        using var client = new HttpClient();
        using var data = new ScratchDirectory();
        await using var proxy = await ProxyServer.StartAsync(
            client, data["data"], "direct", ["--direct-rewrite", $"https://git.test/={address}", "--no-sumdb", "git.test"]);

        // 1. Others before, by both ways: page cache and compilers.
        var earlier = repositories.Make(Earlier);
        await DownloadAsync(proxy.Url, earlier);
        await DownloadAsync("direct", earlier);

        // 2. Pairs, each with repositories that nobody has seen.
        var downloads = new List<(double Proxy, double Straight)>();
        var versions = new List<(double Second, double First)>();
        for (var round = 0; round < effort.ColdRounds; round++)
        {
            var modules = repositories.Make(Modules);
            var figures = new double[2];
            foreach (var way in round % 2 == 0 ? (int[])[0, 1] : [1, 0])
                figures[way] = await DownloadAsync(way == 0 ? proxy.Url : "direct", modules);
            downloads.Add((figures[0], figures[1]));

            // 3. A version of each, and later another one.
            var mirrored = repositories.Make(Mirrored);
            var first = await AskAsync(mirrored, PrivateRepositories.First);
            await Task.Delay(UntilStale);
            versions.Add((await AskAsync(mirrored, PrivateRepositories.Second), first));
        }

        report.Add(
            $"Modules from repositories over {transport}: {downloads.Count} pairs",
            [
                Of($"cold go mod download of {Modules} modules, {transport}", "x GOPROXY=direct", downloads, 0.6, 1),
                Of($"second version of a mirrored repository, {transport}", "x the first", versions, 0.3, 1000 / (double)Mirrored),
            ]);

        async Task<double> DownloadAsync(string goProxy, IReadOnlyList<string> modules)
        {
            using var go = new GoWorkspace(goProxy, "off", newerGo);
            File.WriteAllText(
                Path.Combine(go.Home, ".gitconfig"),
                $"[protocol \"file\"]\n\tallow = always\n[safe]\n\tdirectory = *\n[url \"{address}\"]\n\tinsteadOf = https://git.test/\n",
                new UTF8Encoding(false));
            var started = Stopwatch.GetTimestamp();
            var downloaded = await go.DownloadAsync(modules.Select(static module => $"{module}@{PrivateRepositories.First}"));
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            if (downloaded.Values.FirstOrDefault(static one => one.Error is not null) is { } failed)
                throw new InvalidOperationException($"{failed.Path}@{failed.Version}: {failed.Error}");
            return seconds;
        }

        async Task<double> AskAsync(IReadOnlyList<string> modules, string version)
        {
            var started = Stopwatch.GetTimestamp();
            foreach (var module in modules)
            {
                foreach (var extension in (string[])["info", "mod", "zip"])
                    await client.GetByteArrayAsync($"{proxy.Url}/{module}/@v/{version}.{extension}");
            }

            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
    }

    private static Finding Of(string subject, string figure, IReadOnlyList<(double A, double B)> pairs, double target, double scale) => new(
        Name, subject, figure, Series.Of(pairs.Select(static pair => pair.A / pair.B)), Target.Max(target),
        string.Create(CultureInfo.InvariantCulture, $"{(scale > 1 ? "ms" : "s")} {scale * Series.Of(pairs.Select(static pair => pair.A)).Median:F2} to {scale * Series.Of(pairs.Select(static pair => pair.B)).Median:F2}"));
}
