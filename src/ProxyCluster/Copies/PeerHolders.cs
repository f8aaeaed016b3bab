using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Lines;
using ProxyCluster.Storage;

namespace ProxyCluster.Copies;

/// <summary>
/// Asks other silos whether they hold what this one would like to let go.
/// <para>
/// Only those are asked that come before this silo in the key's order of owners: the owner itself has nobody to ask and
/// keeps its copy, where everybody looks for it.
/// </para>
/// <para>
/// Two silos with the last two copies must not each let go on the other's word, whatever their views say of the order.
/// They do not: to be asked is a use, a use protects from eviction for <see cref="EvictionRules.Grace"/>, and a silo looks
/// at the last use again under the lock under which it removes. So if each asks the other before either has removed
/// anything, both copies have just been used and both stay; if one removed first, the other is told so.
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
        // Not in our own view: we have not joined, and know nobody who could answer for us.
        if (self.View.FindOrNull(self.Member.Id) is null)
            return false;

        foreach (var peer in Before(module.ToString(), self.Member, self.View))
        {
            if (await HoldsAsync(peer, PeerTarget.Holds(module, kind, stored.Sha256), cancel))
                return true;
        }

        return false;
    }

    /// <summary>The live silos that own the key before <paramref name="self"/> does, first ones first.</summary>
    public static IEnumerable<Member> Before(string key, Member self, ClusterView view) =>
        OwnerOrder.For(key, view).TakeWhile(member => member.Id != self.Id);

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
