using System.Globalization;
using ProxyCluster.Routing;

namespace ProxyCluster.Failover;

/// <summary>An event as webhooks get it.</summary>
/// <param name="Version">Version of the format, 1; fields are only ever added.</param>
/// <param name="Cluster">Name of the cluster.</param>
/// <param name="Event">The event; <c>id</c> tells repetitions apart.</param>
/// <param name="Undo">The command that takes back what happened; null where there is none.</param>
internal sealed record EventMessage(int Version, string Cluster, RoutingEvent Event, string? Undo);

/// <summary>What Slack and those that imitate it take.</summary>
/// <param name="Text">A line, and further ones with what an operator needs next.</param>
internal sealed record SlackMessage(string Text);

/// <summary>Events as sentences and variables.</summary>
internal static class EventWords
{
    /// <summary>One line for people.</summary>
    public static string Sentence(RoutingEvent change) => change.Kind switch
    {
        RoutingEventKind.Appeared => $"{change.Region} appeared: {change.Reason}",
        RoutingEventKind.State => $"{change.Region} went from {RegionWords.Of(change.From)} to {RegionWords.Of(change.To)}: {change.Reason} (decided by {change.Who})",
        RoutingEventKind.Share => string.Create(CultureInfo.InvariantCulture, $"{change.Region} owns {change.Share} % of its keys again: {change.Reason}"),
        RoutingEventKind.Drained => $"{change.Region} is drained: {change.Reason}",
        RoutingEventKind.Alert => $"{change.Region} needs a look: {change.Reason}",
        RoutingEventKind.AlertOver => $"{change.Region} needs no look any more: {change.Reason}",
        RoutingEventKind.Forgotten => $"{change.Region} was forgotten: {change.Reason} (decided by {change.Who})",
        RoutingEventKind.CaughtUp => $"{change.Region} counts as caught up: {change.Reason}",
        _ => $"{change.Region}: {change.Reason}",
    };

    /// <summary>
    /// The command with which an operator takes back that a region went out of service; null for everything else. It asks the member
    /// that tells, whose address is known.
    /// </summary>
    public static string? UndoOrNull(RoutingEvent change, Uri member)
    {
        if (change.Kind != RoutingEventKind.State || change.From == change.To)
            return null;
        var verb = change.To switch
        {
            RegionState.Failed => "recover",
            RegionState.Drained => "undrain",
            _ => null,
        };
        return verb is null
            ? null
            : $"proxycluster region {verb} {change.Region} --reason 'looked at' --url {member.GetLeftPart(UriPartial.Authority)} --token-file FILE";
    }

    /// <summary>The event for people in a chat: the sentence, the modules that suffer most, and the command that takes it back.</summary>
    public static string Chat(RoutingEvent change, string cluster, Uri member)
    {
        var lines = new List<string> { $"[{cluster}] {Sentence(change)}" };
        if (change.Modules is { } modules)
            lines.Add($"Hit most: {string.Join(", ", modules)}");
        if (UndoOrNull(change, member) is { } undo)
            lines.Add($"To take it back: `{undo}`");

        // Slack's own three (api.slack.com, "Formatting text"): what a store or an operator says may hold them.
        return string.Join('\n', lines)
            .Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal);
    }

    /// <summary>The event as environment variables of a command.</summary>
    public static IEnumerable<(string Name, string Value)> Variables(RoutingEvent change, string cluster, Uri member)
    {
        yield return ("PROXYCLUSTER_EVENT_ID", change.Id.ToString(CultureInfo.InvariantCulture));
        yield return ("PROXYCLUSTER_EVENT_EPOCH", change.Epoch.ToString(CultureInfo.InvariantCulture));
        yield return ("PROXYCLUSTER_EVENT_TIME", change.Time.ToString("O", CultureInfo.InvariantCulture));
        yield return ("PROXYCLUSTER_EVENT_CLUSTER", cluster);
        yield return ("PROXYCLUSTER_EVENT_KIND", change.Kind.ToString());
        yield return ("PROXYCLUSTER_EVENT_REGION", change.Region);
        yield return ("PROXYCLUSTER_EVENT_FROM", RegionWords.Of(change.From));
        yield return ("PROXYCLUSTER_EVENT_TO", RegionWords.Of(change.To));
        yield return ("PROXYCLUSTER_EVENT_SHARE", change.Share.ToString(CultureInfo.InvariantCulture));
        yield return ("PROXYCLUSTER_EVENT_REASON", change.Reason);
        yield return ("PROXYCLUSTER_EVENT_WHO", change.Who);
        yield return ("PROXYCLUSTER_EVENT_MODULES", string.Join(' ', change.Modules ?? []));
        yield return ("PROXYCLUSTER_EVENT_UNDO", UndoOrNull(change, member) ?? "");
    }
}
