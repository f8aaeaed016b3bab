using System.Diagnostics;
using System.Globalization;
using ProxyCluster.Benchmarks.Running;
using ProxyCluster.Benchmarks.Trace.Reports;
using ProxyCluster.Benchmarks.Trace.Sources;

namespace ProxyCluster.Benchmarks.Trace;

/// <summary>
/// Replays requests in virtual time through the product's own placement, eviction, replication and routing: what a cluster of
/// so many regions and silos would have served from where, stored and sent, in minutes instead of days and without machines.
/// </summary>
internal static class TraceProgram
{
    /// <summary>The word on the command line that leads here.</summary>
    public const string Verb = "trace";

    public static async Task<int> RunAsync(string[] args)
    {
        // 1. What is asked for.
        if (TraceOptions.ReadOrNull(args, out var error) is not { } options)
        {
            await Console.Error.WriteLineAsync($"cannot use '{error}'\n{TraceOptions.Usage}");
            return 2;
        }

        var (source, words) = SourceOf(options);
        if (WhyNotOrNull(options, source) is { } why)
        {
            await Console.Error.WriteLineAsync(why);
            return 2;
        }

        // 2. The result, the same in every run.
        var began = Stopwatch.GetTimestamp();
        var result = TraceRun.Play(source, options.Setup, options.Loss, words);
        await Console.Out.WriteAsync(TraceTable.Render(result));
        if (options.Json is { } json)
            await File.WriteAllTextAsync(json, result.ToJson());
        if (options.Html is { } html)
            await File.WriteAllTextAsync(html, TracePage.Render(result));

        // 3. What it took, which is not.
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.All.Requests / seconds / 1e6:0.0} million requests a second, {seconds:0} s, at most {ProcessTable.SumBytes(Environment.ProcessId, "VmHWM") / (double)(1 << 30):0.0} GiB resident"));
        return 0;
    }

    private static (ITraceSource Source, string Words) SourceOf(TraceOptions options)
    {
        var shape = options.Shape;
        if (options.Logs.Count == 0)
        {
            return (new SyntheticTrace(shape), string.Create(
                CultureInfo.InvariantCulture,
                $"synthetic, {shape.Rate} requests a second and region for {shape.Hours} h, Zipf {shape.Zipf}, {shape.Shared * 100} % shared, seed {shape.Seed}"));
        }

        var recorded = new RecordedTrace([.. options.Logs.Select(static log => (log.Region, File.ReadLines(log.File)))], options.ReadLineOrNull);
        return (recorded, string.Create(CultureInfo.InvariantCulture, $"recorded, {options.Logs.Count} logs, {recorded.LeftOut} lines tell of no artifact served"));
    }

    private static string? WhyNotOrNull(TraceOptions options, ITraceSource source)
    {
        if (source.Versions == 0)
            return "the logs tell of no artifact that was served";
        if (source.Regions.Count * options.Setup.Silos > ushort.MaxValue)
            return $"more than {ushort.MaxValue} silos";
        if (source.Regions.Distinct(StringComparer.Ordinal).Count() < source.Regions.Count)
            return "a region has one log";
        return options.Loss is not { } loss ? null
            : !source.Regions.Contains(loss.Region) ? $"no region is named {loss.Region}: there are {string.Join(", ", source.Regions)}"
            : source.Regions.Count < 2 ? "the only region cannot be lost"
            : null;
    }
}
