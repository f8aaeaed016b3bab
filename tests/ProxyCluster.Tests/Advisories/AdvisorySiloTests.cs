using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Advisories;

/// <summary>A whole silo whose database of advisories is away: it says so, and is as ready as ever.</summary>
public sealed class AdvisorySiloTests
{
    [Fact]
    public async Task Readyz_DatabaseThatCannotBeHad_IsSaidAndNoHarm()
    {
        using var scratch = new ScratchDirectory();
        await using var silo = await TestSilo.StartAsync(("Advisories:Database", scratch["missing.zip"]));

        var ready = await silo.GetAsync("/readyz");

        Assert.Equal((200, "ready"), (ready.Status, ready.Text.Split('\n')[0]));
        Assert.Contains("\nadvisories: 0; no look for newer ones has succeeded since the start", ready.Text, StringComparison.Ordinal);
    }
}
