using Microsoft.Extensions.Options;
using ProxyCluster.Credentials;
using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Tests.Credentials;

namespace ProxyCluster.Tests.Repositories;

/// <summary>Module proxies that pages name in place of repositories.</summary>
public sealed class DirectUpstreamTests : IDisposable
{
    private readonly DirectWorld _world = new();

    // The login that is configured cannot be had, and whoever may have it must not ask without: so it shows who may.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Proxy_ThatAPageNames_GetsOurLoginsInsideOnly(bool mayBeInside)
    {
        using var logins = TestLogins.Of(new CredentialRuleOptions { Match = "127.0.0.1", TokenFile = "/nowhere/token" });
        using var direct = new DirectUpstream(_world.Region, logins, Options.Create(new UpstreamsOptions()), TimeProvider.System);

        var reply = await direct.ProxyAt(new Uri("https://127.0.0.1:1/x"), mayBeInside)
            .OpenAsync(new UpstreamRequest(UpstreamResource.List(ModulePath.Parse("vanity.test/x"))), TestContext.Current.CancellationToken);

        Assert.NotNull(reply.Fault);
        Assert.Equal(mayBeInside, reply.Fault.Failure.Message.Contains("/nowhere/token", StringComparison.Ordinal));
    }

    [Fact]
    public void Proxies_ThatAreTooMany_GoWithTheLongestUnused()
    {
        using var logins = TestLogins.Of();
        using var direct = new DirectUpstream(_world.Region, logins, Options.Create(new UpstreamsOptions()), TimeProvider.System);
        var (first, second) = (At(0), At(1));
        for (var i = 2; i < 64; i++)
            At(i);
        Assert.Same(first, At(0));

        At(64);

        Assert.Same(first, At(0));
        Assert.NotSame(second, At(1));

        HttpUpstream At(int i) => direct.ProxyAt(new Uri($"https://proxy{i}.test/"), false);
    }

    public void Dispose() => _world.Dispose();
}
