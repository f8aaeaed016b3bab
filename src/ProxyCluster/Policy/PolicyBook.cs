using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using ProxyCluster.Advisories;
using ProxyCluster.Clustering;

namespace ProxyCluster.Policy;

/// <summary>The policy that this member obeys: the one that it heard of last, as it stands at this hour and with the advisories that are in force. Read from memory
/// by whoever judges.</summary>
internal sealed class PolicyBook(IOptions<ClusteringOptions> cluster, AdvisoryBook advisories, TimeProvider clock)
{
    /// <summary>The name under which the cluster agrees on it.</summary>
    public const string Name = "policy";

    // Guards what is replaced together: whoever follows what is agreed on and the clock may both be at it.
    private readonly Lock _lock = new();
    private PoliciesInForce _inForce = new(ActivePolicy.None, null, 0);
    private State _state = new(PolicyArchive.Empty, PolicySet.None, null);
    private int _version;

    /// <summary>What counts now. Hot path.</summary>
    public PoliciesInForce InForce => Volatile.Read(ref _inForce);

    /// <summary>What counts now for whoever is not among those that get what is rolled out.</summary>
    public ActivePolicy Current => InForce.Stable;

    /// <summary>All policies that are kept.</summary>
    public PolicyArchive Archive => Volatile.Read(ref _state).Archive;

    /// <summary>The whole of the one in force, with what does not count now.</summary>
    public PolicySet Set => Volatile.Read(ref _state).Set;

    /// <summary>Takes what the cluster has agreed on; what is wrong with it, in which case nothing changes, or null.</summary>
    public string? TakeOrFault(ReadOnlyMemory<byte> json)
    {
        if (!PolicyArchive.TryParse(json.Span, out var archive, out var error))
            return error;
        var (set, candidate) = (PolicySet.None, (PolicySet?)null);
        if (archive.CurrentOrNull is { } edition && !TryCompile(edition.Number, edition.Text, out set!, out error))
            return error;
        if (archive.Rollout is { IsRunning: true } rollout && !TryCompile(rollout.Number, rollout.Text, out candidate, out error))
            return error;

        lock (_lock)
        {
            Volatile.Write(ref _state, new State(archive, set, candidate));
            Replace_NeedsLock();
        }

        return null;
    }

    // Whoever pushed it has looked; another program, of another version, may have read it otherwise.
    private static bool TryCompile(long number, string text, [NotNullWhen(true)] out PolicySet? set, [NotNullWhen(false)] out string? error)
    {
        var document = PolicyReader.ReadOrNull(text, out var mistakes);
        set = document is null ? null : PolicySet.Of(number, document);
        error = document is null ? $"policy {number}: {mistakes[0]}" : null;
        return set is not null;
    }

    /// <summary>Puts in and out of force what the hour does, and newer advisories; true where rules came or went.</summary>
    public bool FollowClock()
    {
        lock (_lock)
        {
            var (stable, candidate) = (RulesNow(_state.Set), RulesNow(_state.Candidate));
            var isSame = AreSame(stable, _inForce.Stable) && AreSame(candidate, _inForce.Candidate);
            if (!isSame || (stable.Concat(candidate).Any(static rule => rule.DependsOnAdvisories) && AdvisoriesNow() != _inForce.Stable.Advisories))
                Replace_NeedsLock();
            return !isSame;
        }
    }

    /// <summary>What becomes of a question now, rule by rule.</summary>
    public PolicyExplanation Explain(in PolicyQuestion question)
    {
        var (state, number) = (Volatile.Read(ref _state), InForce.Of(question.Client).Number);
        var set = state.Candidate?.Number == number ? state.Candidate : state.Set;
        return set.Explain(question, cluster.Value.Region, clock.GetUtcNow(), AdvisoriesNow());
    }

    private static bool AreSame(ImmutableArray<CompiledRule> rules, ActivePolicy? policy) => rules.AsSpan().SequenceEqual((policy?.Rules ?? []).AsSpan());

    /// <summary>The advisories that count now.</summary>
    public PolicyAdvisories AdvisoriesNow() => PolicyAdvisories.Of(advisories.Current, clock.GetUtcNow());

    private ImmutableArray<CompiledRule> RulesNow(PolicySet? set) => set?.At(cluster.Value.Region, clock.GetUtcNow()) ?? [];

    private void Replace_NeedsLock()
    {
        var (set, candidate, known) = (_state.Set, _state.Candidate, AdvisoriesNow());
        Volatile.Write(ref _inForce, new PoliciesInForce(
            new ActivePolicy(set.Number, ++_version, RulesNow(set), known),
            candidate is null ? null : new ActivePolicy(candidate.Number, ++_version, RulesNow(candidate), known),
            _state.Archive.Rollout?.Share ?? 0));
    }

    private sealed record State(PolicyArchive Archive, PolicySet Set, PolicySet? Candidate);
}
