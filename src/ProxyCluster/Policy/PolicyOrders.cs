using System.Collections.Immutable;
using System.Globalization;
using ProxyCluster.Audit;
using ProxyCluster.Clustering.Agreed;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Policy;

/// <summary>
/// Changes the cluster's policy: a new text, or an old one again, each under a new number. It is what the cluster agrees on
/// (<see cref="AgreedDocuments"/>): in force within two seconds wherever it reaches, and obeyed by who was away once he is back.
/// </summary>
internal sealed partial class PolicyOrders(AgreedDocuments agreed, TimeProvider clock, AuditLog audit, ILogger<PolicyOrders> logger)
{
    /// <summary>Puts a text in force; the same one that is in force already changes nothing.</summary>
    public Task<Outcome<PolicyEdition>> PushAsync(string text, string by, string reason, CancellationToken cancel) =>
        PushAsync(text, _ => text, by, reason, cancel);

    /// <summary>
    /// The same, but blocked where somebody has decided about the text: by what the cluster has agreed on, of which a member that has just started may
    /// not have heard.
    /// </summary>
    public Task<Outcome<PolicyEdition>> PushNewAsync(string text, string by, string reason, CancellationToken cancel) => PushAsync(
        text,
        archive => archive.Knows(text) ? new Failure(FailureKind.Blocked, "it was pushed or rolled out before") : text,
        by, reason, cancel);

    /// <summary>
    /// Puts a text in force for a first share of the clients; <see cref="PolicyRollouts"/> has it go on or back. The one that is under way already
    /// changes nothing.
    /// </summary>
    public async Task<Outcome<PolicyRollout>> BeginAsync(string text, string by, string reason, CancellationToken cancel)
    {
        if (PolicyReader.ReadOrNull(text, out var mistakes) is null)
            return new Failure(FailureKind.BadRequest, Sentence(mistakes));
        var changed = await StepAsync(
            known => known.Rollout is not { IsRunning: true } other ? known.Begin(text, by, reason, clock.GetUtcNow())
                : other.Text == text ? known
                : new Failure(FailureKind.Blocked, $"policy {other.Number} is being rolled out: end that first, by a push or a rollback"),
            cancel);
        if (!changed.TryGet(out var archive, out var failure))
            return failure;
        Log.Begun(logger, by, archive.Rollout!.Number, archive.Rollout.Share, reason);
        Note("policy-rollout", archive.Rollout.Number, by, reason);
        return archive.Rollout;
    }

    /// <summary>Has a rollout go on to its next share, or into force, unless somebody was first.</summary>
    public async Task GoOnAsync(PolicyRollout rollout, CancellationToken cancel)
    {
        if (await TurnAsync(rollout, known => known.GoOn(clock.GetUtcNow()), cancel) is { } next)
            Log.WentOn(logger, rollout.Number, next.IsRunning ? next.Share : 100, next.Ended ?? "under way");
    }

    /// <summary>Ends a rollout, unless somebody was first.</summary>
    public async Task EndAsync(PolicyRollout rollout, string how, CancellationToken cancel)
    {
        if (await TurnAsync(rollout, known => known.End(how, clock.GetUtcNow()), cancel) is not null)
            Log.Ended(logger, rollout.Number, how);
    }

    /// <summary>Puts an older one in force again.</summary>
    public Task<Outcome<PolicyEdition>> RollBackAsync(long number, string by, string reason, CancellationToken cancel) => ChangeAsync(
        archive => archive.OfOrNull(number) is { } edition
            ? edition.Text
            : new Failure(FailureKind.NotFound, NotKept(archive, number)),
        by, $"back to {number}: {reason}", cancel);

    /// <summary>Why there is none of a number.</summary>
    public static string NotKept(PolicyArchive archive, long number) => archive.Editions is [var newest, ..]
        ? string.Create(CultureInfo.InvariantCulture, $"policy {number} is not kept: there are {archive.Editions[^1].Number} to {newest.Number}")
        : "there is no policy yet";

    /// <summary>All mistakes, a line each.</summary>
    public static string Sentence(ImmutableArray<PolicyMistake> mistakes) => string.Join('\n', mistakes);

    private Task<Outcome<PolicyEdition>> PushAsync(
        string text, Func<PolicyArchive, Outcome<string>> choose, string by, string reason, CancellationToken cancel) =>
        PolicyReader.ReadOrNull(text, out var mistakes) is null
            ? Task.FromResult<Outcome<PolicyEdition>>(new Failure(FailureKind.BadRequest, Sentence(mistakes)))
            : ChangeAsync(choose, by, reason, cancel);

    private async Task<Outcome<PolicyEdition>> ChangeAsync(Func<PolicyArchive, Outcome<string>> choose, string by, string reason, CancellationToken cancel)
    {
        var changed = await StepAsync(
            known => !choose(known).TryGet(out var text, out var failure) ? failure
                : known.CurrentOrNull?.Text != text ? known.With(text, by, reason, clock.GetUtcNow())
                : known.End($"ended by {by}: {reason}", clock.GetUtcNow()),
            cancel);
        if (!changed.TryGet(out var archive, out var trouble))
            return trouble;
        Log.Pushed(logger, by, archive.CurrentOrNull!.Number, reason);
        Note("policy", archive.CurrentOrNull.Number, by, reason);
        return archive.CurrentOrNull;
    }

    private void Note(string order, long number, string by, string reason) => audit.Note(new(clock.GetUtcNow(), AuditWord.Order)
    {
        By = by,
        Rule = order,
        Policy = number.ToString(CultureInfo.InvariantCulture),
        Text = reason,
    });

    // The rollout after a step that was taken from where it stands here; null where somebody else has taken one, or nobody could be asked.
    private async Task<PolicyRollout?> TurnAsync(PolicyRollout from, Func<PolicyArchive, PolicyArchive> turn, CancellationToken cancel)
    {
        var isFirst = false;
        var changed = await StepAsync(
            known =>
            {
                isFirst = known.Rollout == from;
                return isFirst ? turn(known) : known;
            },
            cancel);
        return isFirst && changed.TryGet(out var archive, out _) ? archive.Rollout : null;
    }

    private async Task<Outcome<PolicyArchive>> StepAsync(Func<PolicyArchive, Outcome<PolicyArchive>> step, CancellationToken cancel)
    {
        var next = PolicyArchive.Empty;
        var changed = await agreed.ChangeAsync(
            PolicyBook.Name,
            json =>
            {
                if (!PolicyArchive.TryParse(json.Span, out var known, out var error))
                    return new Failure(FailureKind.StoreUnavailable, $"the policy that is in force cannot be read by this program, so it changes nothing: {error}");
                if (!step(known).TryGet(out next!, out var failure))
                    return failure;
                return ReferenceEquals(next, known) ? json.ToArray()
                    : next.Write() is { Length: <= PolicyArchive.MaxBytes } written ? written
                    : new Failure(FailureKind.BadRequest, $"1:1: packed, it takes more than {PolicyArchive.MaxBytes} bytes");
            },
            cancel);
        return changed.TryGet(out _, out var trouble) ? next : trouble;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Operator {Operator} had policy {Number} put in force (reason: {Reason})")]
        public static partial void Pushed(ILogger logger, string @operator, long number, string reason);

        [LoggerMessage(LogLevel.Warning, "Operator {Operator} had the rollout of policy {Number} begin with {Share} % of the clients (reason: {Reason})")]
        public static partial void Begun(ILogger logger, string @operator, long number, int share, string reason);

        [LoggerMessage(LogLevel.Warning, "The rollout of policy {Number} went on to {Share} % of the clients: {State}")]
        public static partial void WentOn(ILogger logger, long number, int share, string state);

        [LoggerMessage(LogLevel.Error, "The rollout of policy {Number} was ended: {How}")]
        public static partial void Ended(ILogger logger, long number, string how);
    }
}
