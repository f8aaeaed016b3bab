namespace ProxyCluster.TestKit.Upstreams;

/// <summary>
/// The faults of an <see cref="UpstreamServer"/>, by path (<c>*</c> for every path). Faults put in a queue are used up
/// one per request; when the queue is empty the standing faults apply, in order, until one answers.
/// </summary>
public sealed class UpstreamFaults
{
    // Guards both tables.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<Fault>> _next = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Fault>> _always = new(StringComparer.Ordinal);

    /// <summary>Adds faults for the next requests of a path, one each.</summary>
    public void Next(string path, params IEnumerable<Fault> faults)
    {
        lock (_lock)
        {
            if (!_next.TryGetValue(path, out var queue))
                _next[path] = queue = new Queue<Fault>();
            foreach (var fault in faults)
                queue.Enqueue(fault);
        }
    }

    /// <summary>Adds a fault for every request of a path.</summary>
    public void Always(string path, Fault fault)
    {
        lock (_lock)
        {
            if (!_always.TryGetValue(path, out var list))
                _always[path] = list = [];
            list.Add(fault);
        }
    }

    /// <summary>Forgets all faults.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _next.Clear();
            _always.Clear();
        }
    }

    internal IReadOnlyList<Fault> Take(string path)
    {
        lock (_lock)
        {
            if ((_next.TryGetValue(path, out var queue) || _next.TryGetValue("*", out queue)) && queue.TryDequeue(out var fault))
                return [fault];
            return [.. _always.GetValueOrDefault(path) ?? [], .. _always.GetValueOrDefault("*") ?? []];
        }
    }
}
