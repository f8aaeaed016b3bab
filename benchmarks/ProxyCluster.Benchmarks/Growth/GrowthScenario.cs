using ProxyCluster.Benchmarks.Measuring;
using ProxyCluster.Drills.Topology;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Benchmarks.Growth;

/// <summary>
/// What it costs to grow: throughput on hits and engine traffic with more silos, memory with more that is stored, and
/// what clients of three regions wait for one fetch.
/// </summary>
internal static class GrowthScenario
{
    /// <summary>Its name on the command line.</summary>
    public const string Name = "growth";

    public static async Task RunAsync(Report report, Effort effort)
    {
        try
        {
            await SilosFigures.MeasureAsync(report, effort);
            await WaitingFigures.MeasureAsync(report, effort);
            await StoredFigures.MeasureAsync(report, effort);
        }
        catch (ProcessClusterException e)
        {
            throw new ToolMissingException(e.Message, e);
        }
    }
}
