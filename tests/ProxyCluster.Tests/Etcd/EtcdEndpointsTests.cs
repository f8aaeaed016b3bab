using ProxyCluster.Etcd;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Etcd;

public sealed class EtcdEndpointsTests
{
    private static readonly Uri A = new("http://a:2379");
    private static readonly Uri B = new("http://b:2379");
    private static readonly Uri C = new("http://c:2379");

    [Fact]
    public void InOrder_NothingFailed_AsConfigured() => Assert.Equal([A, B, C], new EtcdEndpoints([A, B, C], TimeProvider.System).InOrder());

    [Fact]
    public void InOrder_AfterFailures_LastUntilTheirTimeIsOver()
    {
        var time = new ManualTimeProvider();
        var endpoints = new EtcdEndpoints([A, B, C], time);

        endpoints.Failed(A);
        Assert.Equal([B, C, A], endpoints.InOrder());
        time.Advance(TimeSpan.FromSeconds(1));
        endpoints.Failed(B);
        Assert.Equal([C, A, B], endpoints.InOrder());

        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal([A, B, C], endpoints.InOrder());
    }

    [Fact]
    public void InOrder_FailedAgainWhenTried_AvoidedForLongerUntilItWorked()
    {
        var time = new ManualTimeProvider();
        var endpoints = new EtcdEndpoints([A, B], time);
        endpoints.Failed(A);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal([A, B], endpoints.InOrder());
        endpoints.Failed(A);

        time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal([B, A], endpoints.InOrder());
        endpoints.Worked(A);
        Assert.Equal([A, B], endpoints.InOrder());
    }

    [Fact]
    public void InOrder_TimeIsOver_OneCallTriesItAndTheNextDoNot()
    {
        var time = new ManualTimeProvider();
        var endpoints = new EtcdEndpoints([A, B], time);
        endpoints.Failed(A);
        time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal([A, B], endpoints.InOrder());
        Assert.Equal([B, A], endpoints.InOrder());

        // The one that tried was cancelled and said nothing; another does in its time.
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal([A, B], endpoints.InOrder());
        endpoints.Worked(A);
        Assert.Equal([A, B], endpoints.InOrder());
    }

    [Fact]
    public void Failed_ByCallsSideBySide_IsOneFailure()
    {
        var time = new ManualTimeProvider();
        var endpoints = new EtcdEndpoints([A, B], time);
        for (var call = 0; call < 5; call++)
            endpoints.Failed(A);

        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal([A, B], endpoints.InOrder());
    }
}
