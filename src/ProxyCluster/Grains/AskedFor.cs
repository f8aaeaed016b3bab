using Orleans.Runtime;
using ProxyCluster.Joining;

namespace ProxyCluster.Grains;

/// <summary>
/// For whom a grain is called, which travels beside the call: whoever waits at the calling silo, by the addresses of clients, so
/// that work of a grain is done in the turn of its askers, wherever it lives. A call without it is the caller's own.
/// </summary>
internal static class AskedFor
{
    private const string Key = "proxycluster.asked-for";
    private const char Separator = '|';

    // Who is not among them waits in the turn of those who are.
    private const int MaxLanes = 16;

    /// <summary>Says it, for calls from here on until the calling method ends.</summary>
    public static void Say()
    {
        List<Lane> lanes = [];
        Asking.Current.AddTo(lanes);
        RequestContext.Set(Key, string.Join(Separator, lanes.Distinct().Take(MaxLanes)));
    }

    /// <summary>Reads it, in a grain; none where all have left, null where it was not said.</summary>
    public static IReadOnlyList<Lane>? ReadOrNull() =>
        RequestContext.Get(Key) is string said ? [.. said.Split(Separator, StringSplitOptions.RemoveEmptyEntries).Select(Lane.Parse)] : null;
}
