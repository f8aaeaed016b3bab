using BenchmarkDotNet.Attributes;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.Benchmarks.Micro;

/// <summary>What stands between a fetched zip and its commit, over a zip of the corpus.</summary>
public class ZipBenchmarks : IDisposable
{
    /// <summary>The module version whose zip is read; set before the run, which stays in this process.</summary>
    internal static (string File, ModuleVersion Module) Subject { get; set; }

    private MemoryStream _zip = null!;

    [GlobalSetup]
    public void Setup() => _zip = new MemoryStream(File.ReadAllBytes(Subject.File), writable: false);

    [GlobalCleanup]
    public void Dispose()
    {
        _zip.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public bool CheckRules() => ModuleZip.Check(_zip, Subject.Module, ZipLimits.Default).IsValid
        ? true
        : throw new InvalidOperationException("the zip is not valid");

    [Benchmark]
    public string CheckRulesAndHash()
    {
        if (!ZipDirectory.TryOpen(_zip, ZipLimits.Default, out var directory, out var error)
            || !ModuleZip.Check(directory, Subject.Module).IsValid
            || !ModuleHash.TryOfZip(directory, out var h1, out _))
            throw new InvalidOperationException(error ?? "the zip is not valid");
        return h1;
    }
}
