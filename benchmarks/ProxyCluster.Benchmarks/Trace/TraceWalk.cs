using ProxyCluster.Benchmarks.Trace.Sources;
using ProxyCluster.Clustering;
using ProxyCluster.Copies;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Grains;
using ProxyCluster.Walk;

namespace ProxyCluster.Benchmarks.Trace;

/// <summary>How a cluster is set up.</summary>
/// <param name="Silos">Silos in each region.</param>
/// <param name="MaxBytes">Bytes of artifacts in each silo; null for no limit.</param>
/// <param name="MinRegions">Regions that are to hold an artifact (<see cref="ReplicationOptions"/>).</param>
/// <param name="HasFrontEnds">Whether clients ask front ends, or any silo of their region.</param>
/// <param name="IsStoreForHints">Whether the cluster store keeps grains' notes of who holds what.</param>
internal sealed record TraceSetup(int Silos, long? MaxBytes, int MinRegions, bool HasFrontEnds, bool IsStoreForHints);

/// <summary>
/// A request's way through the cluster in virtual time, as <see cref="ArtifactOwner"/> and the grains go it while everybody
/// answers: the silo's store, the copy of its region, the owner, whoever is known to hold it, upstream. Each decision on the
/// way is the product's own function; what is played here is only that work takes no time and calls do not fail.
/// </summary>
internal sealed class TraceWalk(ITraceSource source, TraceCluster cluster, TraceSetup setup, OwnerPlaces owners, SiloStore[] stores, TraceTally tally)
{
    private const int NoPeers = 1; // Only what others have stored is asked of them.

    /// <summary>Silos that have gone and whose keys have fallen to others (<see cref="DepartedSilos"/>).</summary>
    public IReadOnlyCollection<Member> Departed { get; set; } = [];

    /// <summary>Answers a request at <paramref name="now"/>, the stores' time of it.</summary>
    public void Answer(in TraceRequest request, uint now)
    {
        var region = cluster.AnsweringFor(request.Region);
        if (region < 0)
        {
            tally.Count(request.Region, request.Time, request.Kind, Origin.Nowhere);
            return;
        }

        var door = setup.HasFrontEnds
            ? cluster.WinnerIn(region, request.Version)
            : (region * setup.Silos) + (int)(request.Client % (uint)setup.Silos);
        var ask = new Asked(request.Version, request.Kind, request.Time, now);
        var origin = stores[door].Use(ask.Version, ask.Kind, now) ? Origin.Local : Miss(door, region, ask);
        if (region != request.Region)
        {
            tally.AnsweredAway++;
            tally.Copied(region, request.Region, source.SizeOf(ask.Version, ask.Kind));
            origin = origin == Origin.Local ? Origin.Peer : origin;
        }

        tally.Count(request.Region, request.Time, request.Kind, origin);
    }

    private Origin Miss(int door, int region, in Asked ask)
    {
        if (cluster.StepsOf(region)[0] != AskLevel.Region)
            return FromOwner(door, ask);

        // The region's copy lives in the silo that front ends ask.
        var copy = cluster.WinnerIn(region, ask.Version);
        tally.CopyCalls[(int)ReachOf(door, copy)]++;
        var origin = stores[copy].Use(ask.Version, ask.Kind, ask.Now) ? Origin.Local : FromOwner(copy, ask);
        Copy(copy, door, ask);
        return origin;
    }

    /// <summary>Has the owner have the artifact, and copies it from there.</summary>
    private Origin FromOwner(int asker, in Asked ask)
    {
        var owner = owners.FindOr(ask.Version, ask.Time);
        if (owner < 0)
        {
            owner = cluster.PlaceFor(cluster.RegionOf(asker), ask.Version);
            owners.Activate(ask.Version, owner, ask.Time);
            tally.Activations++;
            if (!setup.IsStoreForHints)
                Search(owner, ask.Version);
        }

        tally.OwnerCalls[(int)ReachOf(asker, owner)]++;
        var origin = AtOwner(owner, ask);
        owners.Note(ask.Version, owner, ask.Kind);
        owners.Note(ask.Version, asker, ask.Kind);
        Copy(owner, asker, ask);
        return origin == Origin.Local && cluster.RegionOf(owner) != cluster.RegionOf(asker) ? Origin.Peer : origin;
    }

    // A grain that begins without notes asks the others once; what they take later, it will have given them.
    private void Search(int owner, int version)
    {
        foreach (var place in HolderSearch.Places(source.NameOf(version), cluster.Members[owner], cluster.View))
        {
            var silo = cluster.NumberOf(place);
            foreach (var kind in Enum.GetValues<ArtifactKind>())
            {
                if (stores[silo].Has(version, kind))
                    owners.Note(version, silo, kind);
            }
        }
    }

    private Origin AtOwner(int owner, in Asked ask)
    {
        // 1. It has it.
        if (stores[owner].Use(ask.Version, ask.Kind, ask.Now))
            return Origin.Local;

        // 2. Somebody is known to.
        if (owners.KnowsHolders(ask.Version) && HolderOr(owner, ask) is >= 0 and var holder)
            return Taken(holder, owner, ask);

        // 3. The key has just fallen to it, and others may.
        if (Departed.Count > 0 && FormerHolderOr(owner, ask) is >= 0 and var former)
            return Taken(former, owner, ask);

        // 4. Upstream does.
        var bytes = source.SizeOf(ask.Version, ask.Kind);
        tally.Fetched(cluster.RegionOf(owner), ask.Version, ask.Kind, bytes);
        stores[owner].Store(ask.Version, ask.Kind, ask.Now);
        Replicate(owner, ask);
        return Origin.Upstream;
    }

    private int HolderOr(int owner, Asked ask)
    {
        var known = owners.HoldersOf(ask.Version, ask.Kind).Where(holder => holder != owner && cluster.IsLive(holder));
        foreach (var holder in HolderRules.NearFirst(known, silo => cluster.Members[silo].Region, cluster.Members[owner].Region))
        {
            if (stores[holder].Use(ask.Version, ask.Kind, ask.Now))
                return holder;
        }

        return -1;
    }

    private int FormerHolderOr(int owner, in Asked ask)
    {
        var key = source.NameOf(ask.Version);
        if (!DepartedSilos.WouldOwn(key, cluster.View, Departed))
            return -1;
        foreach (var step in AskPath.ForArtifact(key, cluster.Members[owner], AskLevel.Home, cluster.View, NoPeers, hasFallen: true))
        {
            if (step is { Peer: { } peer, Level: AskLevel.Stored } && stores[cluster.NumberOf(peer)].Use(ask.Version, ask.Kind, ask.Now))
                return cluster.NumberOf(peer);
        }

        return -1;
    }

    private Origin Taken(int from, int to, in Asked ask)
    {
        Copy(from, to, ask);
        return cluster.RegionOf(from) == cluster.RegionOf(to) ? Origin.Local : Origin.Peer;
    }

    private void Replicate(int owner, in Asked ask)
    {
        if (setup.MinRegions <= 1)
            return;
        var region = cluster.RegionOf(owner);
        foreach (var other in ToRegions.Owed(cluster.OtherRegions(region, ask.Version), setup.MinRegions))
            Copy(owner, cluster.WinnerIn(cluster.NumberOfRegion(other), ask.Version), ask);
    }

    private void Copy(int from, int to, in Asked ask)
    {
        if (from == to || stores[to].Use(ask.Version, ask.Kind, ask.Now))
            return;
        stores[from].Use(ask.Version, ask.Kind, ask.Now);
        tally.Copied(cluster.RegionOf(from), cluster.RegionOf(to), source.SizeOf(ask.Version, ask.Kind));
        stores[to].Store(ask.Version, ask.Kind, ask.Now);
    }

    private Reach ReachOf(int from, int to) =>
        from == to ? Reach.Silo : cluster.RegionOf(from) == cluster.RegionOf(to) ? Reach.Region : Reach.Ocean;

    // What is asked for, when, and the time by the stores' clock.
    private readonly record struct Asked(int Version, ArtifactKind Kind, uint Time, uint Now);
}
