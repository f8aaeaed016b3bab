using System.Net;
using Orleans.Configuration;
using Orleans.Hosting;
using ProxyCluster.Clustering;

namespace ProxyCluster.Silos;

/// <summary>
/// Orleans' numbers, and why they are not its defaults. Those are made for silos whose grains are the only copy of
/// something, where a false verdict is worse than ten seconds of silence; here a false verdict costs one more fetch, and
/// the process survives it (<see cref="SiloLife"/>).
/// <para>
/// <b>From SIGKILL to the verdict.</b> A probe goes out every <see cref="OrleansOptions.ProbeTimeout"/> (750 ms) and may
/// take as long. The first miss is known after at most one period and its limit, each further one a period later: three
/// misses within 750 × (1 + 3) = 3.0 s of a freeze, and within 750 × 3 = 2.25 s of a kill, whose connections break at
/// once. The second vote arrives in the same period, and the verdict is gossiped instead of waiting for a refresh.
/// Orleans' 5 s × 3 give 15 s and more by the same sum. Measured with silos as processes on two shared cores, ten times
/// each: 1.6 to 2.2 s for a kill, 2.4 to 2.9 s for a freeze, until a grain of the dead silo answered elsewhere
/// (<c>benchmarks/README.md</c>).
/// </para>
/// <para>
/// <b>Against false verdicts.</b> Three misses in a row, by two silos (one of two or three): pauses below 2 s (a long
/// collection, a suspended disk) never kill; beside a busy loop per core nobody was missed in a minute. A silo that is late
/// for its own timers gives the others more time, and since 10.4 no vote is cast while bytes still arrive from its target.
/// What goes is the probe by way of a third silo before a vote: it gives the target as long as we give the third silo, so
/// its word about a silo that stands still comes too late by design and no frozen silo is ever voted against (10.2).
/// </para>
/// <para>
/// <b>The table.</b> Refreshed and written to every 5 s, so that losing it is noticed within that; pushed changes do not
/// wait for it. Three missed writes (15 s) mark an entry as stale: it is no longer waited for by silos that join.
/// </para>
/// <para>
/// <b>Memory.</b> A silo remembers where grains live, and makes room for as many as it may remember when it starts: a million
/// by default, 18 MiB that a cluster of one never uses. A grain that was forgotten is one question to the directory.
/// </para>
/// </summary>
internal static class SiloTuning
{
    private const int RememberedPlaces = 50_000;
    private static readonly TimeSpan TablePeriod = TimeSpan.FromSeconds(5);

    /// <summary>Sets them.</summary>
    public static void Apply(ISiloBuilder silo, Member self, OrleansOptions options)
    {
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            // All three: since 10.4 the first is only where an adaptive limit begins, which grows to four times as much.
            membership.ProbeTimeout = options.ProbeTimeout;
            membership.MinProbeTimeout = options.ProbeTimeout;
            membership.MaxProbeTimeout = options.ProbeTimeout;
            membership.NumMissedProbesLimit = options.MissedProbes;
            membership.NumVotesForDeathDeclaration = options.Votes;
            membership.EnableIndirectProbes = false;
            membership.TableRefreshTimeout = TablePeriod;
            membership.IAmAliveTablePublishTimeout = TablePeriod;
            // A vote speaks of now: two silos that each missed somebody in another minute are no majority.
            membership.DeathVoteExpirationTimeout = TimeSpan.FromSeconds(30);
            // A join that waits for a silo that has died meanwhile gives up and is tried anew.
            membership.MaxJoinAttemptTime = TimeSpan.FromSeconds(30);
            membership.DefunctSiloExpiration = TimeSpan.FromHours(1);
            membership.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
        });
        silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = options.CallTimeout);
        // A connection that does not open within a probe's time is one more miss, not a longer wait for it.
        silo.Configure<ConnectionOptions>(connection =>
        {
            connection.OpenConnectionTimeout = options.ProbeTimeout;
            connection.ConnectionRetryDelay = TimeSpan.FromMilliseconds(200);
        });
        silo.Configure<GrainDirectoryOptions>(static directory => directory.CacheSize = RememberedPlaces);
        silo.Configure<GrainCollectionOptions>(collection =>
        {
            collection.CollectionAge = options.IdleAfter;
            collection.DeactivationTimeout = options.HandOverTimeout;
        });
        // After everybody: the name is the member's card, and nobody else's to choose.
        silo.Services.PostConfigure<SiloOptions>(names => names.SiloName = MemberCard.Write(self));
    }

    /// <summary>The address at which other silos reach this one, from that at which other members do.</summary>
    public static async Task<IPAddress> AddressAsync(Member self, CancellationToken cancel)
    {
        if (IPAddress.TryParse(self.Address.Host.Trim('[', ']'), out var literal))
            return literal;
        var addresses = await Dns.GetHostAddressesAsync(self.Address.Host, cancel);
        return addresses.FirstOrDefault(static address => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
            ?? addresses.FirstOrDefault()
            ?? throw new IOException($"{self.Address.Host} has no address");
    }
}
