using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Benchmarks.Trace.Sources;

/// <summary>
/// Sizes of artifacts where nobody recorded them: always the same for the same module version. Zips are spread
/// log-normally around 60 KB, up to the 500 MiB that <c>go</c> takes; what <c>go</c> refuses is not published.
/// </summary>
internal static class UsualSizes
{
    private const double ZipMedian = 60_000, ZipSpread = 1.6;
    private const long LargestZip = 500L << 20;

    /// <summary>Bytes of an artifact.</summary>
    public static long Of(int version, ArtifactKind kind) => kind switch
    {
        ArtifactKind.Info => 150,
        ArtifactKind.Mod => 100 + (long)(TraceRandom.Mix((ulong)version) % 3000),
        _ => Math.Min(LargestZip, (long)(ZipMedian * Math.Exp(ZipSpread * Normal((ulong)version)))),
    };

    // Box and Muller, 1958.
    private static double Normal(ulong version)
    {
        var (a, b) = (TraceRandom.Fraction(TraceRandom.Mix(version * 2)), TraceRandom.Fraction(TraceRandom.Mix((version * 2) + 1)));
        return Math.Sqrt(-2 * Math.Log(1 - a)) * Math.Cos(2 * Math.PI * b);
    }
}
