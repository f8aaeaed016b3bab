using System.Collections.Concurrent;
using ProxyCluster.Routing;

namespace ProxyCluster.Tests.Chaos;

/// <summary>Every routing table that any member was told, held against "one epoch order for all".</summary>
internal sealed class EpochRecord
{
    private readonly ConcurrentDictionary<long, RoutingTable> _tables = new();
    private readonly ConcurrentQueue<string> _violations = new();

    /// <summary>What was told against the rule so far.</summary>
    public IReadOnlyCollection<string> Violations => _violations;

    /// <summary>The highest epoch told so far.</summary>
    public long Newest => _tables.IsEmpty ? 0 : _tables.Keys.Max();

    /// <summary>Begins to listen to one life of a member.</summary>
    public Life Begin(string member) => new(this, member);

    /// <summary>One life of a member, from its start to its end.</summary>
    public sealed class Life(EpochRecord record, string member)
    {
        private long _last;

        /// <summary>The member was told this table.</summary>
        public void Told(RoutingTable table)
        {
            if (table.Epoch < _last)
                record._violations.Enqueue($"{member} was told epoch {table.Epoch} after {_last}");
            _last = Math.Max(_last, table.Epoch);
            if (table.Epoch > 0 && record._tables.GetOrAdd(table.Epoch, table) is var known && !ReferenceEquals(known, table) && !IsSame(known, table))
                record._violations.Enqueue($"{member} was told another table of epoch {table.Epoch} than somebody before it");
        }

        // Grains send it in writing.
        private static bool IsSame(RoutingTable one, RoutingTable other) => RoutingTableJson.Write(one).AsSpan().SequenceEqual(RoutingTableJson.Write(other));
    }
}
