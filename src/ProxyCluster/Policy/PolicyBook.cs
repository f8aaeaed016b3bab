using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;

namespace ProxyCluster.Policy;

/// <summary>The policy that this member obeys: the one that it heard of last, as it stands at this hour. Read from memory by whoever judges.</summary>
internal sealed class PolicyBook(IOptions<ClusteringOptions> cluster, TimeProvider clock)
{
    /// <summary>The name under which the cluster agrees on it.</summary>
    public const string Name = "policy";

    // Guards what is replaced together: whoever follows what is agreed on and the clock may both be at it.
    private readonly Lock _lock = new();
    private ActivePolicy _current = ActivePolicy.None;
    private State _state = new(PolicyArchive.Empty, PolicySet.None);

    /// <summary>What counts now. Hot path.</summary>
    public ActivePolicy Current => Volatile.Read(ref _current);

    /// <summary>All policies that are kept.</summary>
    public PolicyArchive Archive => Volatile.Read(ref _state).Archive;

    /// <summary>The whole of the one in force, with what does not count now.</summary>
    public PolicySet Set => Volatile.Read(ref _state).Set;

    /// <summary>Takes what the cluster has agreed on; what is wrong with it, in which case nothing changes, or null.</summary>
    public string? TakeOrFault(ReadOnlyMemory<byte> json)
    {
        if (!PolicyArchive.TryParse(json.Span, out var archive, out var error))
            return error;
        var set = PolicySet.None;
        if (archive.CurrentOrNull is { } edition)
        {
            // Whoever pushed it has looked; another program, of another version, may have read it otherwise.
            if (PolicyReader.ReadOrNull(edition.Text, out var mistakes) is not { } document)
                return $"policy {edition.Number}: {mistakes[0]}";
            set = PolicySet.Of(edition.Number, document);
        }

        lock (_lock)
        {
            Volatile.Write(ref _state, new State(archive, set));
            Replace_NeedsLock(set, RulesNow(set));
        }

        return null;
    }

    /// <summary>Puts in and out of force what the hour does; true where it did.</summary>
    public bool FollowClock()
    {
        lock (_lock)
        {
            var rules = RulesNow(_state.Set);
            if (rules.AsSpan().SequenceEqual(_current.Rules.AsSpan()))
                return false;
            Replace_NeedsLock(_state.Set, rules);
            return true;
        }
    }

    private ImmutableArray<CompiledRule> RulesNow(PolicySet set) => set.At(cluster.Value.Region, clock.GetUtcNow());

    private void Replace_NeedsLock(PolicySet set, ImmutableArray<CompiledRule> rules) =>
        Volatile.Write(ref _current, new ActivePolicy(set.Number, _current.Version + 1, rules));

    private sealed record State(PolicyArchive Archive, PolicySet Set);
}
