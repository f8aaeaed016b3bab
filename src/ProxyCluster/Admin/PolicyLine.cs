using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using ProxyCluster.Access;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;

namespace ProxyCluster.Admin;

/// <summary>A policy of the cluster, without its text.</summary>
/// <param name="Number">Counts them, from 1.</param>
/// <param name="At">Since when it is, or was, in force, UTC.</param>
/// <param name="By">Who pushed it.</param>
/// <param name="Reason">Why.</param>
internal sealed record PolicyLine(long Number, DateTimeOffset At, string By, string Reason)
{
    /// <summary>The line of an edition.</summary>
    public static PolicyLine Of(PolicyEdition edition) => new(edition.Number, edition.At, edition.By, edition.Reason);
}

/// <summary>One with its text.</summary>
/// <param name="Policy">Which.</param>
/// <param name="IsInForce">Whether it is the one that counts, on the member that answers.</param>
/// <param name="Text">As it was written.</param>
internal sealed record PolicyText(PolicyLine Policy, bool IsInForce, string Text);

/// <summary>All that are kept, newest first: the first is in force.</summary>
/// <param name="Policies">Those that are, or were, in force for everybody.</param>
/// <param name="Rollout">What is being rolled out, or was last; null where nothing ever was.</param>
internal sealed record PolicyHistory(ImmutableArray<PolicyLine> Policies, RolloutState? Rollout);

/// <summary>A rollout.</summary>
/// <param name="Policy">What is rolled out.</param>
/// <param name="Share">Clients in a hundred that it is, or was last, in force for.</param>
/// <param name="ShareAt">Since when that is so, or when it ended, UTC.</param>
/// <param name="Ended">How it ended; null while it is under way.</param>
internal sealed record RolloutState(PolicyLine Policy, int Share, DateTimeOffset ShareAt, string? Ended)
{
    /// <summary>The state of one.</summary>
    public static RolloutState Of(PolicyRollout rollout) =>
        new(new PolicyLine(rollout.Number, rollout.At, rollout.By, rollout.Reason), rollout.Share, rollout.ShareAt, rollout.Ended);
}

/// <summary>The body of an order: <c>push</c>, <c>rollout</c> and <c>try</c> take a text, <c>rollback</c> a number.</summary>
/// <param name="Reason">Why, for the log and the history.</param>
/// <param name="Text">The policy.</param>
/// <param name="Number">Of which policy the text is put in force again.</param>
internal sealed record PolicyBody(string? Reason, string? Text = null, long? Number = null);

/// <summary>The body of a question: what would become of it if this client asked now.</summary>
/// <param name="Asked"><c>MODULE@VERSION</c>, <c>MODULE@latest</c>, <c>MODULE@BRANCH</c>, or <c>MODULE</c> for its list.</param>
/// <param name="Subject">As whom; null for nobody who has logged in.</param>
/// <param name="Groups">Of which groups.</param>
/// <param name="Namespace">In which namespace; null for none.</param>
/// <param name="Address">From which address; null for one that no network has.</param>
internal sealed record ExplainBody(string? Asked, string? Subject = null, string[]? Groups = null, string? Namespace = null, string? Address = null)
{
    /// <summary>What is asked, as the gate and the policy take it; or what is wrong with it.</summary>
    public Outcome<(ProxyPath What, PolicyQuestion Question)> Read()
    {
        if (!ProxyPath.TryParseName(Asked ?? "", out var what, out var error))
            return new Failure(FailureKind.BadRequest, error);
        IPAddress? address = null;
        if (Address is not null && !IPAddress.TryParse(Address, out address))
            return new Failure(FailureKind.BadRequest, $"\"{Address}\" is no address");
        var identity = Subject is null ? null : Identity.OrNull(Subject, Groups ?? []);
        if (identity is null && (Subject is not null || Groups is { Length: > 0 }))
            return new Failure(FailureKind.BadRequest, "a client with groups has a subject, and that is a name");
        return PolicyQuestion.OfOrNull(what, new PolicyClient(identity, Namespace ?? "", address), null) is { } question
            ? (what, question)
            : new Failure(FailureKind.BadRequest, "that is about no module");
    }
}

/// <summary>What would become of a question, and why.</summary>
/// <param name="Asked">The question.</param>
/// <param name="IsAllowed">Whether there would be an answer.</param>
/// <param name="Rule">The rule that decided; null where none did.</param>
/// <param name="Reason">Why not; empty where it is allowed.</param>
/// <param name="Instead">What to use in its place, where that is known.</param>
/// <param name="Warnings">Of what the client would be warned: a rule, a colon, its text.</param>
/// <param name="Policy">The policy that decided; null where there is none.</param>
/// <param name="FirstSeen">When the version was first stored here; null where it was not.</param>
/// <param name="Member">Id of the member that answers.</param>
/// <param name="Region">Its region.</param>
/// <param name="Rules">What each rule had to do with it, in order.</param>
internal sealed record PolicyExplained(
    string Asked,
    bool IsAllowed,
    string? Rule,
    string Reason,
    string? Instead,
    ImmutableArray<string> Warnings,
    PolicyLine? Policy,
    DateTimeOffset? FirstSeen,
    string Member,
    string Region,
    ImmutableArray<PolicyStep> Rules);

/// <summary>How they are written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PolicyText))]
[JsonSerializable(typeof(PolicyHistory))]
[JsonSerializable(typeof(PolicyLine))]
[JsonSerializable(typeof(PolicyBody))]
[JsonSerializable(typeof(ExplainBody))]
[JsonSerializable(typeof(PolicyExplained))]
[JsonSerializable(typeof(PolicyTrial[]))]
internal sealed partial class PolicyJson : JsonSerializerContext;
