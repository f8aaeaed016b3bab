using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;

namespace ProxyCluster.Peers;

/// <summary>
/// Asks other silos whether they hold what this one would like to let go.
/// <para>
/// Two silos with the last two copies must not each let go on the other's word. So every artifact has an order of silos,
/// and a silo asks only those before it: the first of the holders has nobody to ask and keeps its copy. The order is a
/// rendezvous hash over the members' addresses, which a restart does not change, and takes nothing else from the view,
/// so that members with different views still agree on who of any two comes first. No lock, no promise to keep.
/// </para>
/// <para>
/// What this does not cover: the silo that keeps the last copy is lost, with its disk, before another one has copied it.
/// That is what <c>Replication:MinRegions</c> and the region's shared store are for.
/// </para>
/// </summary>
internal sealed class PeerHolders(PeerCalls calls, ClusterSelf self, TimeProvider clock) : IOtherHolders
{
    // The other one may have to hash a zip of 500 MiB first.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(30);

    public async Task<bool> HoldAsync(ModuleVersion module, ArtifactKind kind, StoredArtifact stored, CancellationToken cancel)
    {
        // Not in our own view: we have not joined, and know neither our place in the order nor who else is alive.
        if (self.View.FindOrNull(self.Member.Id) is null)
            return false;

        foreach (var peer in Before(module.ToString(), self.Member, self.View))
        {
            if (await HoldsAsync(peer, PeerTarget.Holds(module, kind, stored.Sha256), cancel))
                return true;
        }

        return false;
    }

    /// <summary>The live silos that come before <paramref name="self"/> in the order of a key, first ones first.</summary>
    public static IEnumerable<Member> Before(string key, Member self, ClusterView view)
    {
        var hash = RendezvousHash.Text(key);
        return view.Members
            .Where(static member => member.IsSilo)
            .OrderByDescending(member => RendezvousHash.Score(hash, RendezvousHash.Text(member.Address.Authority)))
            .ThenBy(static member => member.Address.Authority, StringComparer.Ordinal)
            .TakeWhile(member => member.Id != self.Id);
    }

    private async Task<bool> HoldsAsync(Member peer, string target, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(AnswerWithin, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            var sent = await calls.SendAsync(peer, HttpMethod.Get, target, null, both.Token);
            if (!sent.TryGet(out var response, out _))
                return false;

            using (response)
                return response.IsSuccessStatusCode;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }
}
