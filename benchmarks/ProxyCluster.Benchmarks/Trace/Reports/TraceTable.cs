using System.Globalization;
using System.Text;

namespace ProxyCluster.Benchmarks.Trace.Reports;

/// <summary>A result for people at a terminal. A pure function.</summary>
internal static class TraceTable
{
    /// <summary>The result as text.</summary>
    public static string Render(TraceResult result)
    {
        var text = new StringBuilder();
        text.AppendLine(Words(result)).AppendLine();
        text.AppendLine(Line($"{"region",-12}{"requests",14}{"local %",10}{"peer %",9}{"upstream %",12}{"upstream",12}{"GiB from it",13}{"GiB stored",12}{"evicted",12}"));
        foreach (var region in result.Regions)
            AppendRegion(text, region);
        if (result.Regions.Length > 1)
        {
            AppendRegion(text, new RegionResult(
                "all", result.All, result.All, result.All, result.All,
                result.Regions.Sum(static region => region.UpstreamAsked), result.Regions.Sum(static region => region.UpstreamBytes),
                result.Regions.Sum(static region => region.StoredBytes), result.Regions.Sum(static region => region.Evicted), [], []));
        }

        foreach (var fact in Facts(result))
            text.AppendLine(fact);
        foreach (var happened in result.Events)
            text.AppendLine(happened);
        return text.ToString();
    }

    /// <summary>What was played, in a line.</summary>
    public static string Words(TraceResult result) => Line(
        $"{result.Regions.Length} regions x {result.Setup.Silos} silos, {result.Versions} module versions; {result.Source}; doors: {(result.Setup.HasFrontEnds ? "front ends" : "any silo")}, notes of holders {(result.Setup.IsStoreForHints ? "in the cluster store" : "in memory")}, {result.Setup.MinRegions} region(s) to hold an artifact, {(result.Setup.MaxBytes is { } max ? Gib(max) + " GiB a silo" : "no limit to storage")}");

    /// <summary>What the tables by region do not say.</summary>
    public static IEnumerable<string> Facts(TraceResult result)
    {
        var sizes = result.Silos.Select(static silo => silo.Bytes).Order().ToArray();
        yield return Line($"between regions: {Gib(result.OceanBytes)} GiB; upstream asked again for an artifact it had sent: {result.AskedAgain}; answered by another region: {result.AnsweredAway}; answered by nobody: {result.All.Nowhere}");
        yield return Line($"GiB a silo at the end: least {Gib(sizes[0])}, median {Gib(sizes[sizes.Length / 2])}, most {Gib(sizes[^1])}");
        yield return Line($"calls of owners: {Of(result.OwnerCalls)}; of regions' copies: {Of(result.CopyCalls)}; grains activated: {result.Activations}");
    }

    /// <summary>Bytes in GiB.</summary>
    public static string Gib(long bytes) => (bytes / (double)(1L << 30)).ToString("0.##", CultureInfo.InvariantCulture);

    private static void AppendRegion(StringBuilder text, RegionResult region) => text.AppendLine(Line(
        $"{region.Name,-12}{region.All.Requests,14}{Percent(region.All.Local, region.All),10}{Percent(region.All.Peer, region.All),9}{Percent(region.All.Upstream, region.All),12}{region.UpstreamAsked,12}{Gib(region.UpstreamBytes),13}{Gib(region.StoredBytes),12}{region.Evicted,12}"));

    private static string Of(Calls calls) => Line($"{calls.InSilo} in the silo, {calls.InRegion} in the region, {calls.AcrossOcean} across the ocean");

    private static string Percent(long some, ByOrigin of) => (of.Requests == 0 ? 0 : 100.0 * some / of.Requests).ToString("0.00", CultureInfo.InvariantCulture);

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
