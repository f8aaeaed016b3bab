using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Tests.Silo;

/// <summary>What strangers may say at the door: it is answered with a cause, and never counted as a failure of ours.</summary>
public class DoorTests
{
    private static readonly string Long = new('x', 300);

    public static TheoryData<string> Targets() =>
    [
        $"/example.com/{Long}/@v/list",
        $"/example.com/{Long}/@latest",
        $"/example.com/{Long}/@v/v1.0.0.info",
        $"/example.com/{Long}/@v/v1.0.0.mod",
        $"/example.com/{Long}/@v/v1.0.0.zip",
        $"/example.com/{Long}/@v/main.info",
        $"/example.com/{Long}/@v/v1.info",
        $"/example.com/lib/@v/{Long}.info",
        $"/example.com/lib/@v/v1.0.0-{Long}.info",
        $"/example.com/lib/@v/v1.0.0-{Long}.zip",
        $"/example.com/lib/@v/v1.{new string('1', 300)}.info",
        $"/sumdb/sumdb.test/go/lookup/example.com/{Long}@v1.0.0",
        $"/sumdb/sumdb.test/go/lookup/example.com/lib@v1.0.0-{Long}",
        $"/sumdb/sumdb.test/go/lookup/example.com/{new string('x', 200)}@v1.0.0-{new string('y', 200)}",
        $"/sumdb/sumdb.test/go/tile/8/0/{string.Concat(Enumerable.Repeat("x000/", 300))}000",
        $"/sumdb/sumdb.test/go/tile/8/data/{string.Concat(Enumerable.Repeat("x001/", 300))}000",
        $"/sumdb/{Long}/lookup/example.com/lib@v1.0.0",
        $"/sumdb/{Long}/supported",
        $"/{Long}",
        "/" + string.Concat(Enumerable.Repeat("example.com/", 500)) + "lib/@v/list",
        "/sumdb/sumdb.test/go/lookup/" + string.Concat(Enumerable.Repeat("example.com/", 500)) + "lib@v1.0.0",
    ];

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task Get_ANameThatNoDiskHolds_IsRefusedWithACauseAndNotOurFailure(string target)
    {
        await using var silo = await TestSilo.StartAsync();
        foreach (var path in (string[])[target, "/cached-only" + target])
        {
            var answer = await silo.GetAsync(path);
            Assert.True(answer.Status is 400 or 404, $"{answer.Status} for {path[..60]}");
            Assert.NotNull(answer["X-ProxyCluster-Cause"]);
        }

        Assert.Equal(0, silo.Services.GetRequiredService<ProxyMetrics>().Traffic.Read().Errors);
        silo.Log.AssertNoExceptions();
        Assert.DoesNotContain(silo.Log.Lines, static line => line.Contains(Long, StringComparison.Ordinal));
    }
}
