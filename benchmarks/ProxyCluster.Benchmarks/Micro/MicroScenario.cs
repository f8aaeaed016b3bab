using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using ProxyCluster.Benchmarks.Hits;
using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.GoModules.Names;
using ProxyCluster.TestKit.Corpora;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Micro;

/// <summary>
/// The pieces that the other scenarios are made of. Their figures must nest: what a hit does cannot cost more than the
/// processor time of a whole request, measured from outside.
/// </summary>
internal static class MicroScenario
{
    private const string Name = "micro";

    public static async Task RunAsync(Report report, Effort effort)
    {
        using var artifacts = new ScratchDirectory();
        var types = new List<Type> { typeof(RequestBenchmarks), typeof(CacheBenchmarks), typeof(ProofBenchmarks), typeof(RecordBenchmarks), typeof(PolicyBenchmarks) };
        var zip = "";
        try
        {
            ZipBenchmarks.Subject = await FindZipAsync();
            types.Add(typeof(ZipBenchmarks));
            zip = string.Create(CultureInfo.InvariantCulture,
                $", {ZipBenchmarks.Subject.Module}, {new FileInfo(ZipBenchmarks.Subject.File).Length >> 10} KiB");
        }
        catch (ToolMissingException missing)
        {
            report.LeftOut("micro, zips", missing.Message);
        }

        // In this process: it was built for this, and BenchmarkDotNet's own builds would need the package sources again.
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(NullLogger.Instance)
            .WithArtifactsPath(artifacts.Path)
            .WithOptions(ConfigOptions.DisableLogFile);
        foreach (var type in types)
        {
            var findings = BenchmarkRunner.Run(type, config).Reports.SelectMany(Findings).ToList();
            if (type == typeof(RequestBenchmarks) && NestOrNull(report, findings) is { } nest)
                findings.Add(nest);
            report.Add($"Micro, {type.Name}{(type == typeof(ZipBenchmarks) ? zip : "")}", findings);
        }
    }

    private static IEnumerable<Finding> Findings(BenchmarkDotNet.Reports.BenchmarkReport report)
    {
        var subject = report.BenchmarkCase.Descriptor.WorkloadMethod.Name;
        if (report.ResultStatistics is not { } time)
            throw new InvalidOperationException($"{subject} did not run");
        var bytes = report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0;
        var isPolicy = report.BenchmarkCase.Descriptor.Type == typeof(PolicyBenchmarks);
        yield return new Finding(
            Name, subject, "us", new Series(time.Median / 1e3, time.Q1 / 1e3, time.Q3 / 1e3, time.N), isPolicy ? Target.Max(2) : null, isPolicy ? "a thousand rules" : "");
        yield return new Finding(Name, subject, "bytes allocated", Series.Of([bytes]),
            isPolicy || subject == nameof(RequestBenchmarks.FindHot) ? Target.Max(0) : null, "");
    }

    private static Finding? NestOrNull(Report report, List<Finding> findings)
    {
        var request = report.Findings.FirstOrDefault(f => f.Scenario == HitsScenario.Name && f.Figure == HitsScenario.CostFigure);
        if (request is null)
            return null;

        var inside = findings.First(f => f.Subject == nameof(RequestBenchmarks.FindHot)).Value.Median;
        return new Finding(Name, nameof(RequestBenchmarks.FindHot), "share of a hit's server cpu",
            Series.Of([inside / request.Value.Median]), Target.Max(1), $"of {request.Subject}");
    }

    // One of common size: the median of the corpus's real zips.
    private static async Task<(string File, ModuleVersion Module)> FindZipAsync()
    {
        var corpus = await Corpus.OpenAsync();
        var zips = corpus.Modules.Where(m => m.Kind == "real").Select(m => (m.Path, Version: m.Versions[^1]))
            .Select(m => ModuleVersion.TryCreate(ModulePath.Parse(m.Path), m.Version, out var module, out var error)
                ? (File: Path.Combine(corpus.Tree, module.Path.Escaped, "@v", module.EscapedVersion + ".zip"), Module: module)
                : throw new InvalidOperationException(error))
            .OrderBy(z => new FileInfo(z.File).Length)
            .ToList();
        return zips[zips.Count / 2];
    }
}
