using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;

namespace ProxyCluster.Tests.Clustering.Local;

public sealed class LocalEngineTests : EngineConformance
{
    [Fact]
    public async Task Engine_Alone_IsItsOwnAuthority()
    {
        await using var engine = new LocalEngine(new LocalCluster(), TimeProvider.System, NullLogger<LocalEngine>.Instance);
        Assert.True(engine.Status.IsDegraded);

        await engine.JoinAsync(EngineSite.MemberOf("a"), TestContext.Current.CancellationToken);

        Assert.True(engine.IsAuthority);
        Assert.False(engine.Status.IsDegraded);
        Assert.Equal(engine.Self, engine.View.AuthorityOrNull);
    }

    protected override Task<EngineSite> OpenAsync() => Task.FromResult<EngineSite>(new Site());

    private sealed class Site : EngineSite
    {
        private readonly LocalCluster _cluster = new();

        public override Task KillAsync(IEngine engine)
        {
            _cluster.Kill(engine.Self!.Id);
            return Task.CompletedTask;
        }

        public override void Freeze(IEngine engine) => _cluster.Freeze(engine.Self!.Id);

        public override void Thaw(IEngine engine) => _cluster.Thaw(engine.Self!.Id);

        public override Task LoseAsync()
        {
            _cluster.Lose("lost by a test");
            return Task.CompletedTask;
        }

        public override Task RestoreAsync()
        {
            _cluster.Restore();
            return Task.CompletedTask;
        }

        protected override IEngine Create(string id) => new LocalEngine(_cluster, TimeProvider.System, NullLogger<LocalEngine>.Instance);

        protected override ValueTask DisposeSiteAsync() => ValueTask.CompletedTask;
    }
}
