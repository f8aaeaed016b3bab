using System.Net;
using ProxyCluster.Demo;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.EndToEnd.Silos;

/// <summary>Silos on one machine that need nothing beside themselves: members and state are kept in memory.</summary>
public sealed class OneMachineTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Silos_WithoutAProvider_FetchOnceAndGoOnWithoutTheOneThatIsKilled()
    {
        await using var upstream = UpstreamServer.Start();
        var samples = SampleModules.Pack();
        foreach (var sample in samples)
            upstream.Put(SiloProcesses.PathOf(sample, ".zip"), sample.Zip);
        await using var silos = SiloProcesses.OpenInMemory(upstream);
        var primary = await silos.StartAsync("tokyo");
        var second = await silos.StartAsync("frankfurt");
        var third = await silos.StartAsync("sanjose");
        foreach (var member in new[] { primary, second, third })
        {
            foreach (var region in new[] { "tokyo", "frankfurt", "sanjose" })
                await SiloProcesses.SaysAsync(member, $"region {region}: active");
            await GetAsync(member.Http, samples[0]);
        }

        Assert.Equal(1, upstream.Requests(SiloProcesses.PathOf(samples[0], ".zip")));

        // Not the first: the list of members is in its memory.
        await third.KillAsync();
        await GetAsync(primary.Http, samples[1]);
        foreach (var survivor in new[] { primary, second })
        {
            await SiloProcesses.LoggedAsync(survivor, "sanjose went from", " to failed:");
            await GetAsync(survivor.Http, samples[2]);
        }
    }

    private static async Task GetAsync(HttpClient http, PackedModule sample)
    {
        using var answer = await http.GetAsync(SiloProcesses.PathOf(sample, ".zip")[1..], Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(sample.Zip, await answer.Content.ReadAsByteArrayAsync(Cancel));
    }
}
