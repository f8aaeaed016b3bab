using System.Collections.Immutable;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;
using ProxyCluster.Storage;

namespace ProxyCluster.Admin;

/// <summary>What would have become of the last day's requests at one member under another policy.</summary>
/// <param name="Member">Id of the member.</param>
/// <param name="Region">Its region.</param>
/// <param name="Since">Since when it knows what it was asked, UTC.</param>
/// <param name="Questions">Different questions.</param>
/// <param name="Requests">Requests that asked them.</param>
/// <param name="BlockedBefore">Of these, refused by the policy in force.</param>
/// <param name="BlockedAfter">And by the other one.</param>
/// <param name="Changes">Questions that would be answered otherwise, most asked first.</param>
/// <param name="MoreChanges">Those that are left out here.</param>
internal sealed record PolicyTrial(
    string Member, string Region, DateTimeOffset Since, int Questions, long Requests, long BlockedBefore, long BlockedAfter, ImmutableArray<TrialChange> Changes, int MoreChanges);

/// <summary>One question.</summary>
/// <param name="Asked">What was asked.</param>
/// <param name="Client">By whom.</param>
/// <param name="Requests">How often.</param>
/// <param name="IsBlocked">Whether it would be refused; otherwise it would not any more, or be warned of.</param>
/// <param name="Rule">By which rule; null where none decides.</param>
/// <param name="Reason">Why; of a warning, its text.</param>
internal sealed record TrialChange(string Asked, string Client, long Requests, bool IsBlocked, string? Rule, string Reason);

/// <summary>Tries policies on what was asked; nobody is judged by them.</summary>
internal sealed class PolicyTrials(QuestionsOfTheDay asked, PolicyBook book, DiskStore store, ClusterSelf self, TimeProvider clock)
{
    private const int MaxShown = 200;

    /// <summary>Tries a text. Thousands of questions, some of them with a look at the disk: an operator who has left ends it.</summary>
    public Outcome<PolicyTrial> Try(string text, CancellationToken cancel)
    {
        if (PolicyReader.ReadOrNull(text, out var mistakes) is not { } document)
            return new Failure(FailureKind.BadRequest, PolicyOrders.Sentence(mistakes));

        // 1. Both as they count here and now.
        var now = clock.GetUtcNow();
        var before = book.Current;
        var after = new ActivePolicy(0, 0, PolicySet.Of(0, document).At(self.Region, now), book.AdvisoriesNow());

        // 2. Each question, with what is known of the version.
        var (requests, blockedBefore, blockedAfter) = (0L, 0L, 0L);
        var changes = new List<TrialChange>();
        var questions = asked.All();
        foreach (var (noted, times) in questions)
        {
            cancel.ThrowIfCancellationRequested();
            var question = noted.Version is null ? noted : noted with { Facts = FactsOf(noted, now) };
            var (old, young) = (before.Decide(question, out _), after.Decide(question, out _));
            var (wasBlocked, isBlocked) = (old.Verdict == PolicyVerdict.Block, young.Verdict == PolicyVerdict.Block);
            requests += times;
            blockedBefore += wasBlocked ? times : 0;
            blockedAfter += isBlocked ? times : 0;
            var warned = young.Warnings.Except(old.Warnings).FirstOrDefault();
            if (wasBlocked != isBlocked || warned is not null)
                changes.Add(new(question.ToString(), question.Client.ToString(), times, isBlocked, isBlocked ? young.Rule : warned?.Rule ?? young.Rule, isBlocked ? young.Reason : warned?.Text ?? ""));
        }

        return new PolicyTrial(
            self.Member.Id, self.Region, asked.Since, questions.Length, requests, blockedBefore, blockedAfter,
            [.. changes.OrderByDescending(static change => change.IsBlocked).ThenByDescending(static change => change.Requests).Take(MaxShown)], Math.Max(0, changes.Count - MaxShown));
    }

    private PolicyFacts FactsOf(in PolicyQuestion question, DateTimeOffset now)
    {
        try
        {
            return ModuleVersion.TryCreate(question.Module, question.Version!, out var module, out _) && store.FindRecordOrNull(module) is { } record
                ? PolicyFacts.Of(record, now)
                : PolicyFacts.Unseen(now);
        }
        catch (StoreException)
        {
            return PolicyFacts.Unseen(now);
        }
    }
}
