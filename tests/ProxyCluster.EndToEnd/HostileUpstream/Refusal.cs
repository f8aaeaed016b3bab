using System.Net;
using ProxyCluster.TestKit;

namespace ProxyCluster.EndToEnd.HostileUpstream;

/// <summary>What "rejected" means, everywhere in this folder.</summary>
internal static class Refusal
{
    private const string Rejections = "proxycluster_integrity_rejections_total";

    /// <summary>
    /// Asks for an artifact and sees it refused: an error that is no proven absence, with its cause, counted, and nothing
    /// of it in the store or half-written beside it.
    /// </summary>
    public static async Task AssertRefusedAsync(TestSystem system, string path, params string[] causes)
    {
        var counted = await system.Proxy.MetricAsync(Rejections);

        using var answer = await system.Proxy.Http.GetAsync(path, TestContext.Current.CancellationToken);

        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.BadGateway, $"{path} was answered {(int)answer.StatusCode}: {body}");
        Assert.Contains(Assert.Single(answer.Headers.GetValues("X-ProxyCluster-Cause")), causes);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(counted + 1, await system.Proxy.MetricAsync(Rejections));
        AssertNothingStored(system, path);
    }

    /// <summary>Neither the artifact nor anything temporary is on disk.</summary>
    public static void AssertNothingStored(TestSystem system, string path)
    {
        Assert.Empty(system.StoredFiles(Path.Combine("modules", path)));
        Assert.Empty(HalfWritten.In(system.Data));
    }

    /// <summary>Asks for an artifact and gets it.</summary>
    public static async Task AssertServedAsync(TestSystem system, string path)
    {
        using var answer = await system.Proxy.Http.GetAsync(path, TestContext.Current.CancellationToken);
        var body = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{path} was answered {(int)answer.StatusCode}");
        Assert.Equal(system.Upstream.FindOrNull("/" + path)!.Body.ToArray(), body);
    }
}
