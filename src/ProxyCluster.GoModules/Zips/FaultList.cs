namespace ProxyCluster.GoModules.Zips;

/// <summary>Counts every fault and keeps the first few: a hostile zip may have one per entry.</summary>
internal sealed class FaultList
{
    private readonly List<ZipFault> _named = [];

    public int Count { get; private set; }

    public void Add(string? entry, string message)
    {
        if (Count++ < ZipCheckResult.MaxNamedFaults)
            _named.Add(new ZipFault(entry, message));
    }

    public ZipCheckResult ToResult() => new(_named, Count);
}
