using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Gate;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Lines;
using ProxyCluster.Storage;

namespace ProxyCluster.Http;

/// <summary>
/// What a front end answers without a silo: small artifacts that it passed on before, in the memory that a silo has in front
/// of its disk and by the same fast path, so that nobody can tell the two answers apart.
/// <para>
/// <b>What is kept.</b> Whole bodies from silos of its own region that are for anybody, by the silo's word (<c>Cache-Control: public</c>: this is a
/// shared cache) and by its own gate's, after the bytes proved the entity tag that they came
/// under, which is the digest in the silo's record. What does not prove its tag reaches nobody. Everything is kept at once:
/// the cache itself sees to it that what is asked for once pushes out nothing that is in use. Askers who come before
/// the first body is here are passed on one by one; nobody knows before that whether it is a small one.
/// </para>
/// <para>
/// <b>For how long.</b> Bytes never change, but may be withdrawn: an operator has a module version forgotten, a policy of the
/// silos blocks it. Orders reach front ends as they reach silos (<see cref="Admin.Forgetting"/>). Where one does not, and for what no
/// order tells, an entry is believed for <see cref="HttpOptions.AskAgainAfter"/> from the question that a silo answered by it.
/// Then a silo is asked for its headers, once for all who want the artifact meanwhile: under the same tag it is believed
/// anew, and whatever else a silo says of the artifact is the end of it. When no silo says anything within a few seconds, or none can tell
/// for an outage of what is behind it, there is nobody who could have withdrawn
/// it, and it is served on (design rule 3). The question also tells the silo that the artifact is in use, or it would evict first
/// what is hottest.
/// A file that a silo sets aside as damaged changes nothing here: these bytes are those of the record.
/// </para>
/// <para>
/// <b>What is not answered from here.</b> A request that names a region: its sender wants that region's word. And nothing while
/// the own region is out of service: then another one answers, and its answers say so.
/// Answers to queries are not kept: how fresh they are only the silo knows, and it does not say.
/// </para>
/// </summary>
internal sealed class FrontEndMemory(
    HotCache hot,
    ClusterSelf self,
    ModuleGate gate,
    Pulse pulse,
    IOptions<StorageOptions> storage,
    IOptions<HttpOptions> http,
    TimeProvider clock)
{
    /// <summary>May this client's request, which is to be passed on, be answered from here, and its answer be kept?</summary>
    public bool Serves(HttpContext context) =>
        self.IsFrontEnd && context.Request.Headers[Forwarder.RegionHeader].Count == 0 && self.View.Routing.IsUsable(self.Region);

    /// <summary>Need nobody be asked whether the entry still holds? Hot path; on a silo the entry is its own.</summary>
    public bool Believes(HotArtifact entry) => !self.IsFrontEnd || clock.GetElapsedTime(entry.KnownAt) < http.Value.AskAgainAfter;

    /// <summary>The beginning of a question to a silo.</summary>
    public Moment Now => new(clock.GetTimestamp(), hot.Removals, gate.Version);

    /// <summary>The entry of an artifact, believed or not; null where there is none that the present gate let through.</summary>
    public HotArtifact? FindOrNull(Ask ask) =>
        ask.What.Asked == Asked.Artifact && hot.FindOrNull(DiskStore.KeyOf(ask.Module, ask.Kind)) is { Body: not null } entry
        && entry.AcceptedBy == gate.Version
            ? entry
            : null;

    /// <summary>A silo answered by the entry, or none did, when asked at <paramref name="askedAt"/>.</summary>
    public static void Believe(HotArtifact entry, long askedAt) => entry.KnownAt = askedAt;

    /// <summary>A silo answered something else.</summary>
    public void Drop(Ask ask) => hot.Remove(DiskStore.KeyOf(ask.Module, ask.Kind));

    /// <summary>How many bytes are to be read as a whole, and kept; null where the answer is only passed on.</summary>
    public int? SizeToKeepOrNull(Ask ask, Member silo, HttpResponseMessage answer) =>
        ask.What.Asked == Asked.Artifact
        && silo.Region == self.Region
        && IsForAnybody(answer)
        && gate.Judge(ask).IsForAnybody
        && answer is { StatusCode: System.Net.HttpStatusCode.OK, Content.Headers.ContentLength: { } length }
        && length <= Math.Min(storage.Value.MemoryMaxArtifactBytes, storage.Value.MemoryBytes)
        && DigestOrNull(answer) is not null
            ? (int)length
            : null;

    /// <summary>Does a silo say that everybody may have its answer?</summary>
    public static bool IsForAnybody(HttpResponseMessage answer) =>
        answer.Headers.NonValidated.TryGetValues("Cache-Control", out var caching) && caching.ToString().StartsWith(Responses.Public, StringComparison.Ordinal);

    /// <summary>Keeps a body; false when its bytes do not prove its tag, and must not go to anybody.</summary>
    public bool TryKeep(Ask ask, Member silo, HttpResponseMessage answer, byte[] body, Moment asked)
    {
        var sha256 = Digest.Of(body);
        if (DigestOrNull(answer) != sha256)
        {
            pulse.Distrust(silo.Id, $"{ask.What.Text} came with bytes that are not those of its entity tag");
            return false;
        }

        // While there are two policies nothing is for all.
        if (asked.Gate < 0)
            return true;

        // The silo has judged the record. Who passed it on has judged the question, perhaps by an older policy than that of the
        // moment when the silo was asked.
        if (gate.Judge(ask with { Trail = gate.NewTrail(ask.Who) }) is { Refusal: not null } or { IsForAnybody: false })
            return true;
        var stored = new StoredArtifact(sha256, body.Length, silo.Id, clock.GetUtcNow());
        var key = DiskStore.KeyOf(ask.Module, ask.Kind);
        hot.Add(key, new HotArtifact(stored, ask.Kind, "", default, body) { AcceptedBy = asked.Gate, KnownAt = asked.At });

        // An order to forget may have come while the bytes were on their way here, and found nothing to forget.
        if (hot.Removals != asked.Removals)
            hot.Remove(key);
        return true;
    }

    /// <summary>When something was asked.</summary>
    /// <param name="At">The clock's timestamp.</param>
    /// <param name="Removals">How often something had been taken out of the memory (<see cref="HotCache.Removals"/>).</param>
    /// <param name="Gate">The gate's version.</param>
    public readonly record struct Moment(long At, int Removals, int Gate);

    private static Digest? DigestOrNull(HttpResponseMessage answer) =>
        answer.Headers.NonValidated.TryGetValues("ETag", out var tag) ? EntityTag.DigestOrNull(tag.ToString()) : null;
}
