using System.Collections.Immutable;
using System.Net;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Lines;
using ProxyCluster.Storage;

namespace ProxyCluster.Copies;

/// <summary>
/// Asks the cluster who has stored something of a module version, for an owner whose notes of that went with the place that it
/// lived in: the region that fetched it may be another one than the region that asks now, and upstream shall be asked once for all
/// of them.
/// <para>
/// Asked are, all at once, the silos that everything of the key passes through: in each other region in service the one that
/// owns the key there, and in this region the one next in order, which owned it before this silo came. So an owner that begins waits
/// for the farthest of them, once for all artifacts of a module version, and not for one that is known to be silent.
/// </para>
/// </summary>
internal sealed class HolderSearch(PeerCalls calls, Pulse pulse, ClusterSelf self, TimeProvider clock)
{
    /// <summary>
    /// Twice around the world and a disk that is busy. A region that died a moment ago, and is not missed yet, costs each first miss so
    /// much for as long as that lasts.
    /// </summary>
    internal static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1);

    // Three words and the ends of their lines.
    private const int MaxAnswer = 64;

    /// <summary>Who has which artifacts stored, as far as they say so in time; and whether all of them did.</summary>
    public async Task<(ImmutableArray<(Member Holder, ArtifactKind Kind)> Found, bool IsWhole)> FindAsync(ModuleVersion module, CancellationToken cancel)
    {
        var target = PeerTarget.Stock(module);
        var said = await Task.WhenAll(Places(module.ToString(), self.Member, self.View)
            .Select(async member => (member, kinds: pulse.IsGood(member.Id) ? await AskOrNullAsync(member, target, cancel) : null)));
        return (
            [.. said.SelectMany(static one => (one.kinds ?? []).Select(kind => (one.member, kind)))],
            said.All(static one => one.kinds is not null));
    }

    /// <summary>Whom to ask about a key: this region's next one, and the first one of each other region.</summary>
    public static IEnumerable<Member> Places(string key, Member self, ClusterView view) =>
        RegionalOwner.For(key, self.Region, view).Where(member => member.Id != self.Id).Take(1)
            .Concat(OwnerOrder.OtherRegions(key, self.Region, view).Select(region => RegionalOwner.For(key, region, view)[0]));

    private async Task<IReadOnlyList<ArtifactKind>?> AskOrNullAsync(Member peer, string target, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(AnswerWithin, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            var sent = await calls.SendAsync(peer, HttpMethod.Get, target, null, both.Token);
            if (!sent.TryGet(out var response, out _))
                return null;

            // An older member does not know the question, and will not.
            using (response)
            {
                return response is { IsSuccessStatusCode: true, Content.Headers.ContentLength: <= MaxAnswer }
                    ? Read(await response.Content.ReadAsStringAsync(both.Token))
                    : response.StatusCode == HttpStatusCode.NotFound ? [] : null;
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            pulse.Silent(peer.Id);
            return null;
        }
    }

    /// <summary>What a silo says that it has: a word a line.</summary>
    public static string Write(IEnumerable<ArtifactKind> kinds) => string.Concat(kinds.Select(static kind => DiskStore.LabelOf(kind) + "\n"));

    /// <summary>Reads it; words that are unknown are passed over.</summary>
    public static IReadOnlyList<ArtifactKind> Read(string text)
    {
        var words = text.Split('\n');
        return [.. Enum.GetValues<ArtifactKind>().Where(kind => words.Contains(DiskStore.LabelOf(kind), StringComparer.Ordinal))];
    }
}
