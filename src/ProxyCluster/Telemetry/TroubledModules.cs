namespace ProxyCluster.Telemetry;

/// <summary>
/// The modules whose requests failed or had to be fetched most in the last half minute to minute, so that whoever is told of a
/// region's trouble hears what it hits. Never on the way of a hit.
/// <para>
/// Strangers choose names, so a fixed number of them is counted: one that finds no room takes that of those that were met once.
/// </para>
/// </summary>
internal sealed class TroubledModules(TimeProvider clock)
{
    /// <summary>Modules told apart at a time.</summary>
    internal const int MaxModules = 256;

    // A reading travels with every health report: names together no longer than this.
    private const int MaxNamed = 5;
    private const int MaxCharacters = 400;

    private static readonly TimeSpan Half = TimeSpan.FromSeconds(30);

    // Guards both halves.
    private readonly Lock _lock = new();
    private Dictionary<string, long> _present = new(StringComparer.Ordinal);
    private Dictionary<string, long> _before = new(StringComparer.Ordinal);
    private long _since = clock.GetTimestamp();

    /// <summary>Counts one request.</summary>
    public void Count(string module)
    {
        lock (_lock)
        {
            Turn_NeedsLock();
            if (_present.Count >= MaxModules && !_present.ContainsKey(module))
            {
                foreach (var once in _present.Where(static one => one.Value == 1).Select(static one => one.Key).ToList())
                    _present.Remove(once);
            }

            if (_present.Count < MaxModules || _present.ContainsKey(module))
                _present[module] = _present.GetValueOrDefault(module) + 1;
        }
    }

    /// <summary>Those that were met most, most first, with their number.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> Read()
    {
        Dictionary<string, long> sums;
        lock (_lock)
        {
            Turn_NeedsLock();
            sums = new(_before, StringComparer.Ordinal);
            foreach (var (module, count) in _present)
                sums[module] = sums.GetValueOrDefault(module) + count;
        }

        return Most(sums);
    }

    /// <summary>The few of many that were met most, most first, as many as a report has room for.</summary>
    public static IReadOnlyList<KeyValuePair<string, long>> Most(IEnumerable<KeyValuePair<string, long>> sums)
    {
        var most = new List<KeyValuePair<string, long>>();
        var room = MaxCharacters;
        foreach (var one in sums.OrderByDescending(static one => one.Value).ThenBy(static one => one.Key, StringComparer.Ordinal))
        {
            room -= one.Key.Length;
            if (most.Count == MaxNamed || room < 0)
                break;
            most.Add(one);
        }

        return most;
    }

    private void Turn_NeedsLock()
    {
        var passed = clock.GetElapsedTime(_since);
        if (passed < Half)
            return;
        _before = passed < 2 * Half ? _present : new(StringComparer.Ordinal);
        _present = new(StringComparer.Ordinal);
        _since = clock.GetTimestamp();
    }
}
