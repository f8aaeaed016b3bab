using ProxyCluster.Audit;
using ProxyCluster.Clustering.Agreed;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Rulings;
using ProxyCluster.Verification;

namespace ProxyCluster.Admin;

/// <summary>
/// Operators' orders about module versions: withdrawn, so that nobody gets it, or accepted with other content than was pinned
/// first. They are what the cluster agrees on (<see cref="AgreedDocuments"/>), so a member that is away obeys them when it is
/// back, as does one that is started later, and each is taken back by the same verb.
/// <para>
/// Only what nothing but our own pin stands for can be accepted: what a checksum database proves of a module version is not
/// ours to say.
/// </para>
/// </summary>
internal sealed partial class RulingOrders(
    AgreedDocuments agreed, RulingBook book, Verifier verifier, TimeProvider clock, AuditLog audit, ILogger<RulingOrders> logger)
{
    /// <summary>Those in force on this member.</summary>
    public RulingsAnswer InForce() => new(agreed.RevisionOf(RulingBook.Name), [.. book.Current.All.Select(RulingLine.Of)]);

    /// <summary>Puts a ruling in force, in place of any other about its module version, or takes the one of its verb back.</summary>
    /// <param name="ruling">The ruling; its time is now's.</param>
    /// <param name="isUndone">Whether it is taken back.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<Outcome<RulingsAnswer>> GiveAsync(Ruling ruling, bool isUndone, CancellationToken cancel)
    {
        if (ruling.Verb == RulingVerb.Accept && !isUndone && verifier.NoSumPatternOrNull(ruling.Module.Path) is null)
        {
            return new Failure(
                FailureKind.Blocked,
                $"{ruling.Module} is for a checksum database to prove: only a module under a no-sum pattern can be accepted with other content");
        }

        ruling = ruling with { At = clock.GetUtcNow() };
        var changed = await agreed.ChangeAsync(RulingBook.Name, json => Step(json, ruling, isUndone), cancel);
        if (!changed.TryGet(out var document, out var failure))
            return failure;
        Log.Ordered(
            logger, ruling.By, isUndone ? "took back" : "gave", ruling.Verb, ruling.Module.Path.Value, ruling.Module.Version, ruling.Reason,
            ruling.ZipH1 ?? "-", ruling.GoModH1 ?? "-", document.Revision);
        audit.Note(new(ruling.At, AuditWord.Order)
        {
            By = ruling.By,
            Rule = (isUndone ? "undo-" : "") + ruling.Verb.ToString().ToLowerInvariant(),
            What = ProxyPath.ToArtifact(ruling.Module, ArtifactKind.Zip),
            Text = ruling.Reason,
        });
        return new RulingsAnswer(document.Revision, isUndone ? [] : [RulingLine.Of(ruling)]);
    }

    private static Outcome<byte[]> Step(ReadOnlyMemory<byte> json, Ruling ruling, bool isUndone)
    {
        var known = RulingSet.Empty;
        if (!json.IsEmpty && !RulingSet.TryParse(json.Span, out known!, out var error))
            return new Failure(FailureKind.StoreUnavailable, $"the rulings that are in force cannot be read by this program, so it changes none: {error}");

        if (isUndone)
        {
            return known.OfOrNull(ruling.Module)?.Verb == ruling.Verb
                ? known.Without(ruling.Module).Write()
                : new Failure(FailureKind.NotFound, $"{ruling.Module} is not {(ruling.Verb == RulingVerb.Withdraw ? "withdrawn" : "accepted")}");
        }

        if (ruling.Verb == RulingVerb.Accept && known.OfOrNull(ruling.Module)?.Verb == RulingVerb.Withdraw)
            return new Failure(FailureKind.Blocked, $"{ruling.Module} is withdrawn: take that back first");
        var next = known.With(ruling).Write();
        return next.Length <= RulingSet.MaxBytes ? next
            : new Failure(FailureKind.Blocked, $"all rulings together take more than {RulingSet.MaxBytes} bytes: take some back, or give shorter reasons");
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning,
            "Operator {Operator} {Gave} the order to {Verb} {Module}@{Version} (reason: {Reason}; zip {ZipH1}, go.mod {GoModH1}), revision {Revision}")]
        public static partial void Ordered(
            ILogger logger, string @operator, string gave, RulingVerb verb, string module, string version, string reason, string zipH1, string goModH1, long revision);
    }
}
