using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.EndToEnd.Silos;

[Trait("Needs", "redis")]
public sealed class TlsTests
{
    [Fact]
    public async Task Silos_WithCertificatesOfOneAuthority_AreACluster_AndNobodyElseGetsIn()
    {
        using var scratch = new ScratchDirectory();
        using var ours = new SiloCertificates("ours");
        using var theirs = new SiloCertificates("theirs");
        await using var upstream = UpstreamServer.Start();
        await using var silos = await SiloProcesses.OpenAsync(upstream);

        // The office is held by one of them, and the other knows it: both can be called.
        var first = await silos.StartAsync("tokyo", more: ours.Write(scratch["first"]));
        var second = await silos.StartAsync("frankfurt", more: ours.Write(scratch["second"]));
        foreach (var member in (ProxyProcess[])[first, second])
            await SiloProcesses.SaysAsync(member, "engine: ok");
        await SiloProcesses.SaysAsync(first, "region tokyo: active");
        await SiloProcesses.SaysAsync(second, "region frankfurt: active");

        // A stranger finds the table, but no silo that talks to it: it never gets further than joining.
        var stranger = await silos.StartAsync("sanjose", isJoining: true, more: theirs.Write(scratch["stranger"]));
        await SiloProcesses.LoggedAsync(stranger, "was not in its cluster and serves alone until it is");
        await SiloProcesses.SaysAsync(stranger, "engine: degraded");
    }
}
