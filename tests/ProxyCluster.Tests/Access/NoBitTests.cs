using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering.Local;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Access;

/// <summary>What a reader without rights can learn of a store full of private modules: that they are private, by their names, and nothing else.</summary>
public sealed class NoBitTests : IDisposable
{
    private const int Seed = 20261128;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Ask_MadeAtRandom_HasTheSameAnswerWhetherTheModuleExistsOrNot()
    {
        var cluster = new LocalCluster();
        await using var silo = await TestSilo.StartAsync(services => services.AddSingleton(cluster), ClosedSilo.Settings(_scratch, ("Cluster:Engine", "local")));
        await using var front = await TestSilo.StartAsync(
            services => services.AddSingleton(cluster), ClosedSilo.Settings(_scratch, ("Cluster:Engine", "local"), ("Cluster:Role", "FrontEnd")));
        ClosedSilo.Fill(silo);
        foreach (var path in ClosedSilo.PrivatePaths.Concat(ClosedSilo.PrivatePaths))
        {
            await silo.GetAsync(path, ClosedSilo.Alice);
            await front.GetAsync(path, ClosedSilo.Alice);
        }

        var random = new Random(Seed);
        var upstream = silo.Upstream.TotalRequests;
        foreach (var (asked, pairs) in ((TestSilo, int)[])[(silo, 4000), (front, 1000)])
        {
            using var connection = await RawConnection.OpenAsync(asked.Address);
            for (var i = 0; i < pairs; i++)
            {
                var (method, shape, headers) = Make(random);
                var there = await AskAsync(connection, method, shape, headers, "git.test/pay/!core", "v1.2.0");
                var missing = await AskAsync(connection, method, shape, headers, Pick(random, "git.test/none", "git.test/pay/!corf", "git.test/pay/core"), Pick(random, "v1.2.1", "v0.9.0"));
                Assert.Equal((method, shape, there), (method, shape, missing));
                Assert.True(there.StartsWith("404 ", StringComparison.Ordinal) || there.StartsWith("401 ", StringComparison.Ordinal), $"{shape}: {there}");
            }
        }

        Assert.Equal(upstream, silo.Upstream.TotalRequests);
    }

    private static (string Method, string Shape, string[] Headers) Make(Random random) => (
        Pick(random, "GET", "GET", "HEAD"),
        Pick(random, "", "", "/cached-only", "/ns/shop", "/ns/shop/cached-only")
            + Pick(random, "/M/@v/V.info", "/M/@v/V.mod", "/M/@v/V.zip", "/M/@v/list", "/M/@latest", "/M/@v/main.info", "/M/@v/v1.info", "/sumdb/sumdb.test/go/lookup/M@V")
            + Pick(random, "", "", "?x"),
        [
            Pick(random, ClosedSilo.Bob, ClosedSilo.Basic(ClosedSilo.Bob), "X-Anonymous: yes"),
            Pick(random, "X-None: x", "Range: bytes=0-9", "If-None-Match: *", "Disable-Module-Fetch: true", "X-Region: tokyo", "If-Range: \"x\"", "Accept-Encoding: gzip"),
        ]);

    private static string Pick(Random random, params ReadOnlySpan<string> words) => words[random.Next(words.Length)];

    // All that comes back but the time.
    private static async Task<string> AskAsync(RawConnection connection, string method, string shape, string[] headers, string module, string version)
    {
        var target = shape.Replace("M", module, StringComparison.Ordinal).Replace("V", version, StringComparison.Ordinal);
        var answer = await connection.AskAsync(method, target, headers);
        var lines = answer.Headers.Where(static header => header.Key != "Date").Select(static header => $"{header.Key}: {header.Value}").Order(StringComparer.Ordinal);
        return $"{answer.Status} {string.Join('\n', lines)}\n\n{answer.Text}";
    }
}
