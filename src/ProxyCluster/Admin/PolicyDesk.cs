using ProxyCluster.Clustering;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;
using ProxyCluster.Storage;

namespace ProxyCluster.Admin;

/// <summary>
/// What operators see of the cluster's policy and how they change it (<see cref="PolicyOrders"/>). An explanation is this member's: by the
/// policy that it obeys now, its region, its clock, its advisories and what it has stored, with the rest of the gate before it.
/// </summary>
internal sealed class PolicyDesk(PolicyBook book, PolicyOrders orders, ModuleGate gate, DiskStore store, ClusterSelf self, TimeProvider clock)
{
    /// <summary>All that are kept.</summary>
    public PolicyHistory History()
    {
        var archive = book.Archive;
        return new([.. archive.Editions.Select(PolicyLine.Of)], archive.Rollout is { } rollout ? RolloutState.Of(rollout) : null);
    }

    /// <summary>One of them; null for the one in force.</summary>
    public Outcome<PolicyText> Find(long? number)
    {
        var archive = book.Archive;
        if (archive.Rollout is { } rollout && rollout.Number == number && archive.OfOrNull(rollout.Number) is null)
            return new PolicyText(RolloutState.Of(rollout).Policy, false, rollout.Text);
        return (number is { } wanted ? archive.OfOrNull(wanted) : archive.CurrentOrNull) is { } edition
            ? new PolicyText(PolicyLine.Of(edition), edition == archive.CurrentOrNull, edition.Text)
            : new Failure(FailureKind.NotFound, number is null ? "there is no policy" : PolicyOrders.NotKept(archive, number.Value));
    }

    /// <summary>Puts a text in force, or that of an older one.</summary>
    public async Task<Outcome<PolicyLine>> GiveAsync(PolicyBody order, string reason, string by, CancellationToken cancel)
    {
        var given = order is { Number: { } number } ? await orders.RollBackAsync(number, by, reason, cancel) : await orders.PushAsync(order.Text ?? "", by, reason, cancel);
        return given.TryGet(out var edition, out var failure) ? PolicyLine.Of(edition) : failure;
    }

    /// <summary>Puts a text in force for a first share of the clients.</summary>
    public async Task<Outcome<PolicyLine>> BeginAsync(string text, string reason, string by, CancellationToken cancel) =>
        (await orders.BeginAsync(text, by, reason, cancel)).TryGet(out var rollout, out var failure) ? RolloutState.Of(rollout).Policy : failure;

    /// <summary>What would become of a question.</summary>
    public Outcome<PolicyExplained> Explain(ExplainBody body)
    {
        // 1. What is asked, and by whom?
        if (!body.Read().TryGet(out var read, out var failure))
            return failure;
        var (what, question) = read;
        var who = new Asker(question.Client.Address) { Identity = question.Client.Identity, Namespace = question.Client.Namespace };

        // 2. What the rest of the gate says of it, and the policy.
        var refusal = gate.Judge(new Ask(what, who, AskLevel.Client, Door.Client)).Refusal;
        var record = question.Version is null ? null : RecordOrNull(what);
        if (question.Version is not null)
            question = question with { Facts = record is null ? PolicyFacts.Unseen(clock.GetUtcNow()) : PolicyFacts.Of(record, clock.GetUtcNow()) };
        var (number, decision, steps) = book.Explain(question);
        return new PolicyExplained(
            question.ToString(),
            refusal is null && decision.Verdict == PolicyVerdict.Allow,
            refusal is null ? decision.Rule : null,
            refusal?.Message ?? decision.Reason,
            refusal is null ? decision.Instead : null,
            [.. decision.Warnings.Select(static warning => $"{warning.Rule}: {warning.Text}")],
            Find(number).TryGet(out var policy, out _) ? policy.Policy : null,
            record?.FirstSeen,
            self.Member.Id,
            self.Region,
            steps);
    }

    private ModuleRecord? RecordOrNull(in ProxyPath what)
    {
        try
        {
            return store.FindRecordOrNull(what.Module);
        }
        catch (StoreException)
        {
            return null; // as nobody has seen it
        }
    }
}
