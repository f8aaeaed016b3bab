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
        PolicyReader.ReadOrNull(text, out var mistakes) is null
            ? Task.FromResult<Outcome<PolicyEdition>>(new Failure(FailureKind.BadRequest, Sentence(mistakes)))
            : ChangeAsync(_ => text, by, reason, cancel);

    /// <summary>Puts an older one in force again.</summary>
    public Task<Outcome<PolicyEdition>> RollBackAsync(long number, string by, string reason, CancellationToken cancel) => ChangeAsync(
        archive => archive.OfOrNull(number) is { } edition
            ? edition.Text
            : new Failure(FailureKind.NotFound, archive.Editions is [.., var oldest]
                ? $"policy {number} is not kept: there are {oldest.Number} to {archive.Editions[0].Number}"
                : "there is no policy yet"),
        by, $"back to {number}: {reason}", cancel);

    /// <summary>All mistakes, a line each.</summary>
    public static string Sentence(ImmutableArray<PolicyMistake> mistakes) => string.Join('\n', mistakes);

    private async Task<Outcome<PolicyEdition>> ChangeAsync(Func<PolicyArchive, Outcome<string>> choose, string by, string reason, CancellationToken cancel)
    {
        PolicyEdition? made = null;
        var changed = await agreed.ChangeAsync(PolicyBook.Name, json => Step(json, choose, by, reason, out made), cancel);
        if (!changed.TryGet(out _, out var failure))
            return failure;
        Log.Pushed(logger, by, made!.Number, reason);
        audit.Note(new(clock.GetUtcNow(), AuditWord.Order) { By = by, Rule = "policy", Policy = made.Number.ToString(CultureInfo.InvariantCulture), Text = reason });
        return made;
    }

    private Outcome<byte[]> Step(
        ReadOnlyMemory<byte> json, Func<PolicyArchive, Outcome<string>> choose, string by, string reason, out PolicyEdition? made)
    {
        made = null;
        if (!PolicyArchive.TryParse(json.Span, out var known, out var error))
            return new Failure(FailureKind.StoreUnavailable, $"the policy that is in force cannot be read by this program, so it changes nothing: {error}");
        if (!choose(known).TryGet(out var text, out var failure))
            return failure;
        if (known.CurrentOrNull is { } current && current.Text == text)
        {
            made = current;
            return json.ToArray();
        }

        var next = known.With(text, by, reason, clock.GetUtcNow());
        made = next.CurrentOrNull;
        return next.Write() is { Length: <= PolicyArchive.MaxBytes } written
            ? written
            : new Failure(FailureKind.BadRequest, $"1:1: packed, it takes more than {PolicyArchive.MaxBytes} bytes");
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Operator {Operator} had policy {Number} put in force (reason: {Reason})")]
        public static partial void Pushed(ILogger logger, string @operator, long number, string reason);
    }
}
