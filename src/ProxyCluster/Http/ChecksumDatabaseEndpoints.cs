using System.Globalization;
using Microsoft.Extensions.Primitives;
using ProxyCluster.Gate;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;
using ProxyCluster.Verification;

namespace ProxyCluster.Http;

/// <summary>Answers <c>/sumdb/NAME/…</c> from the verified mirror (spec §5).</summary>
internal sealed class ChecksumDatabaseEndpoints(ModuleGate gate, ChecksumDatabaseMirror mirror, Responses responses)
{
    private static readonly StringValues Immutable = "public, max-age=31536000, immutable";

    /// <summary>Answers a path below <c>/sumdb/</c>.</summary>
    public async Task<Seen> AnswerAsync(HttpContext context, Ask ask, CancellationToken cancel)
    {
        Asking.Enter(ask.Who.Lane, cancel);
        var outcome = gate.Judge(ask).Refusal is { } refusal ? refusal : await mirror.AnswerAsync(ask.What.Text, ask.IsCachedOnly, cancel);
        if (!outcome.TryGet(out var answer, out var failure))
        {
            await responses.WriteFailureAsync(context, failure, ask.IsCachedOnly, cancel);
            return new Seen("sumdb", FailureTable.For(failure.Kind).Cause);
        }

        var caching = answer.IsImmutable
            ? Immutable
            : new StringValues(
                string.Create(CultureInfo.InvariantCulture, $"public, max-age={(long)answer.MaxAge.TotalSeconds}"));
        responses.Start(context.Response, answer.ContentType, caching, answer.FromCache ? "HIT" : "MISS");
        await Responses.WriteTaggedAsync(context, EntityTag.Of(answer.Body.Span), answer.Body, cancel);
        return new Seen("sumdb", answer.FromCache ? "hit" : "miss");
    }
}
