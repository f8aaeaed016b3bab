using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Policy;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Failover;

/// <summary>Where a policy has modules asked for, in three whole regions: whoever owns them.</summary>
public sealed class RewriteRegionsTests : IAsyncLifetime
{
    private const string Lib = "private.example/lib";

    private readonly UpstreamServer _public = UpstreamServer.Start();
    private readonly UpstreamServer _mirror = UpstreamServer.Start();
    private RegionsSystem _system = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _system = await RegionsSystem.StartAsync(_ =>
    [
        ("Upstreams:List", $"{_public.Url},{_mirror.Url}"), ("Upstreams:Modules:0:Upstream", _mirror.Url), ("Upstreams:Modules:0:Include", "none"), ("Verification:NoSumDb", "private.example"),
    ]);

    public async ValueTask DisposeAsync()
    {
        await _system.DisposeAsync();
        await _mirror.DisposeAsync();
        await _public.DisposeAsync();
    }

    [Fact]
    public async Task Module_AskedForInEveryRegion_IsAskedAtTheMirrorOnceAndNowhereElse()
    {
        SiloModule[] modules = [.. Enumerable.Range(0, 9).Select(static i => SiloModule.Pack(Lib, $"v1.{i}.0"))];
        _mirror.Put($"/{Lib}/@v/list", string.Concat(modules.Select(static module => module.Module.Version + "\n")));
        foreach (var module in modules)
            _mirror.Put(module.Stem + ".zip", module.Zip);
        using var content = JsonContent.Create(new { text = $"policy: 1\nrules:\n- {{name: mirror, action: rewrite, upstream: '{_mirror.Url}', match: {{modules: private.example}}}}\n", reason = "a test" });
        using var pushed = await _system.SendAsync("tokyo", HttpMethod.Post, "/-/admin/v1/policy/push", RegionsSystem.Operator, content);
        Assert.Equal(HttpStatusCode.OK, pushed.StatusCode);
        foreach (var region in RegionsSystem.Names)
            await Waiting.UntilAsync(() => _system.Services(region).GetRequiredService<PolicyBook>().Current.Number == 1);

        // Each is asked for in each region, and some of them are owned in each.
        foreach (var region in RegionsSystem.Names)
        {
            using var list = await _system.GetAsync(region, $"/{Lib}/@v/list");
            Assert.Equal(modules.Length, (await list.Content.ReadAsStringAsync(Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
            foreach (var module in modules)
            {
                using var answer = await _system.GetAsync(region, module.Stem + ".zip");
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }
        }

        Assert.Equal(0, _public.TotalRequests);
        Assert.All(modules, module => Assert.Equal(1, _mirror.Requests(module.Stem + ".zip")));

        // A copy says whom the cluster had it from.
        Assert.All(RegionsSystem.Names, region => Assert.All(modules, module =>
            Assert.Equal(_mirror.Url, _system.Services(region).GetRequiredService<DiskStore>().FindRecordOrNull(module.Module)!.Zip!.Upstream)));
    }
}
