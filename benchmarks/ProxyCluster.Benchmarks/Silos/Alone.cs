using System.Diagnostics;
using System.Globalization;
using System.Net;
using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.Benchmarks.Running;
using ProxyCluster.Benchmarks.Synthetic;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Silos;

/// <summary>
/// What a cluster of one costs beside the engine that has no silo: <c>serve</c> with nothing but a data directory, in turns
/// with <c>--engine local</c> of the same or of another build. Every start is a new process on the same stored module version.
/// </summary>
internal static class Alone
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    /// <summary>Prints the medians and their ratios.</summary>
    /// <param name="rounds">Pairs of starts.</param>
    /// <param name="program">This side's program: a library for <c>dotnet</c>, or a published one; null for the built one.</param>
    /// <param name="other">The other side's; null for the same.</param>
    public static async Task RunAsync(int rounds, string? program, string? other)
    {
        using var scratch = new ScratchDirectory();
        var modules = SyntheticModules.Create(scratch["upstream"]);
        var (ours, theirs) = (new Side(program ?? Repository.Executable, [], modules, scratch["ours"]), new Side(other ?? program ?? Repository.Executable, ["--engine", "local"], modules, scratch["theirs"]));
        await ours.FillAsync();
        await theirs.FillAsync();
        var pairs = await Pairs.MeasureAsync(rounds, ours.MeasureAsync, theirs.MeasureAsync);

        Console.WriteLine($"{"",-28}{"silo",10}{"local",10}{"ratio",8}");
        Print("first hit, ms from start", static life => life.FirstHit);
        Print("joined, ms from start", static life => life.Joined);
        Print("idle, MiB resident", static life => life.MegaBytes);
        Print("idle, ms processor/s", static life => life.BusyPerSecond);
        Print("stop, ms", static life => life.Stop);

        void Print(string figure, Func<Life, double> of) => Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{figure,-28}{Series.Of(pairs.Select(pair => of(pair.A))).Median,10:F1}{Series.Of(pairs.Select(pair => of(pair.B))).Median,10:F1}{Series.Of(pairs.Select(pair => of(pair.A) / of(pair.B))).Median,8:F2}"));
    }

    private sealed record Life(double FirstHit, double Joined, double MegaBytes, double BusyPerSecond, double Stop);

    private sealed class Side(string program, string[] more, SyntheticModules modules, string data)
    {
        public async Task FillAsync()
        {
            using var client = new HttpClient();
            var (url, process) = Start();
            await using var running = process;
            await UntilAsync(client, url + SyntheticModules.Zip, static _ => true);
        }

        public async Task<Life> MeasureAsync()
        {
            using var client = new HttpClient();
            var began = Stopwatch.GetTimestamp();
            var (url, process) = Start();
            await using var running = process;
            await UntilAsync(client, url + SyntheticModules.Info, static _ => true);
            var firstHit = Stopwatch.GetElapsedTime(began);
            await UntilAsync(client, url + "/readyz", static report => report.Contains("engine: ok", StringComparison.Ordinal));
            var joined = Stopwatch.GetElapsedTime(began);

            // What the start leaves behind to be done is no part of being idle.
            await Task.Delay(Idle);
            var (busy, since) = (process.ProcessorSeconds, Stopwatch.GetTimestamp());
            await Task.Delay(Idle);
            var busyPerSecond = (process.ProcessorSeconds - busy) * 1000 / Stopwatch.GetElapsedTime(since).TotalSeconds;
            var resident = process.ResidentBytes / (double)(1 << 20);

            var stopping = Stopwatch.GetTimestamp();
            await process.StopAsync();
            return new Life(firstHit.TotalMilliseconds, joined.TotalMilliseconds, resident, busyPerSecond, Stopwatch.GetElapsedTime(stopping).TotalMilliseconds);
        }

        private (string Url, MeasuredProcess Process) Start()
        {
            var url = $"http://127.0.0.1:{LoopbackPort.Free()}";
            string[] arguments = ["serve", "--urls", url, "--data", data, "--upstream", modules.Url, "--no-sumdb", SyntheticModules.NoSumPatterns, .. more];
            return (url, program.EndsWith(".dll", StringComparison.Ordinal)
                ? MeasuredProcess.Start("dotnet", [program, .. arguments], null)
                : MeasuredProcess.Start(program, arguments, null));
        }

        private static async Task UntilAsync(HttpClient client, string url, Func<string, bool> wanted)
        {
            using var late = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            while (true)
            {
                try
                {
                    using var answer = await client.GetAsync(url, late.Token);
                    if (answer.StatusCode == HttpStatusCode.OK && wanted(await answer.Content.ReadAsStringAsync(late.Token)))
                        return;
                }
                catch (HttpRequestException)
                {
                    // Not listening yet.
                }

                await Task.Delay(2, late.Token);
            }
        }
    }
}
