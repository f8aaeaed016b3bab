using ProxyCluster.Routing;

namespace ProxyCluster.Failover;

/// <summary>
/// From an operator's order to the next routing table, as pure as <see cref="FailoverRules"/>. Given twice, an order is
/// obeyed once. Nothing takes the last region out of service unless told to do so by force.
/// </summary>
internal static class OperatorRules
{
    /// <summary>Obeys, or says why not; the table is the same object where nothing changed.</summary>
    public static (OperatorResult Result, string Message, RoutingTable Table) Apply(
        OperatorCommand command, FailoverInput input, FailoverOptions options)
    {
        var draft = new TableDraft(input.Table, input.Wall, input.Authority, options.MaxEvents);
        if (draft.FindOrNull(command.Region) is not { } entry)
        {
            return (
                command.Verb == OperatorVerb.Forget ? OperatorResult.Unchanged : OperatorResult.UnknownRegion,
                $"there is no region {command.Region}",
                input.Table);
        }

        var (result, message) = command.Verb switch
        {
            OperatorVerb.Drain => TakeOut(command, entry, IntentKind.Drain, RegionState.Drained, draft, input),
            OperatorVerb.Fail => TakeOut(command, entry, IntentKind.Fail, RegionState.Failed, draft, input),
            OperatorVerb.Undrain => entry switch
            {
                { Intent.Kind: IntentKind.Fail } => (OperatorResult.Refused, $"{entry.Name} is not drained but failed by {entry.Intent.Who}: use recover"),
                { State: not RegionState.Drained } => (OperatorResult.Unchanged, $"{entry.Name} is not drained"),
                _ => BringBack(command, entry, draft, options),
            },
            OperatorVerb.Forget => Forget(command, entry, draft, input),
            _ => entry switch
            {
                { State: RegionState.Drained } => (OperatorResult.Refused, $"{entry.Name} is drained: use undrain"),
                { State: not RegionState.Failed } => (OperatorResult.Unchanged, $"{entry.Name} is not failed"),
                _ => BringBack(command, entry, draft, options),
            },
        };
        return (result, message, draft.Build());
    }

    private static (OperatorResult, string) TakeOut(
        OperatorCommand command, RegionEntry entry, IntentKind kind, RegionState state, TableDraft draft, FailoverInput input)
    {
        if (entry.Intent is { } standing && standing.Kind == kind)
            return (OperatorResult.Unchanged, $"{entry.Name} is {Word(state)} already, by {standing.Who}: {standing.Reason}");

        // A region without silos serves nobody, whatever the table says.
        var isOtherLeft = draft.Regions.Any(other => other.Name != entry.Name && other.IsUsable
            && input.Members.Any(member => member.IsSilo && member.Region == other.Name));
        if (!isOtherLeft && !command.Force)
            return (OperatorResult.Refused, $"{entry.Name} is the last region in service; nobody would be served without it (force does it nevertheless)");

        draft.Move(
            entry.Name, state, entry.Share, command.Reason, command.Who,
            next => next with { Intent = new OperatorIntent(kind, command.Reason, command.Who, input.Wall) });
        return (OperatorResult.Done, $"{entry.Name} is {Word(state)}");
    }

    private static (OperatorResult, string) Forget(OperatorCommand command, RegionEntry entry, TableDraft draft, FailoverInput input)
    {
        if (input.Members.Count(member => member.Region == entry.Name) is > 0 and var members)
            return (OperatorResult.Refused, $"{entry.Name} still has {members} member{(members == 1 ? "" : "s")}: stop them first");
        if (entry.IsUsable)
            return (OperatorResult.Refused, $"{entry.Name} is still in service: drain it or fail it first");

        draft.Remove(entry.Name, command.Reason, command.Who);
        return (OperatorResult.Done, $"{entry.Name} is forgotten");
    }

    private static (OperatorResult, string) BringBack(OperatorCommand command, RegionEntry entry, TableDraft draft, FailoverOptions options)
    {
        draft.Move(
            entry.Name, RegionState.Recovering, FailoverRules.FirstShare(options), command.Reason, command.Who,
            static next => next with { Intent = null });
        return (OperatorResult.Done, $"{entry.Name} recovers, beginning with {FailoverRules.FirstShare(options)} % of its keys");
    }

    private static string Word(RegionState state) => state == RegionState.Drained ? "drained" : "failed";
}
