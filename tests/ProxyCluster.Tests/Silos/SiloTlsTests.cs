using ProxyCluster.Silos;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Silos;

public sealed class SiloTlsTests
{
    [Fact]
    public void IsSigned_ByOurAuthorityToday_IsTheOnlyWayIn()
    {
        using var ours = new SiloCertificates("ours");
        using var theirs = new SiloCertificates("theirs");
        using var good = ours.Sign();
        using var foreign = theirs.Sign();
        using var early = ours.Sign(fromDays: 1);

        Assert.True(SiloTls.IsSigned(good, [ours.Authority]));
        Assert.False(SiloTls.IsSigned(foreign, [ours.Authority]));
        Assert.False(SiloTls.IsSigned(early, [ours.Authority]));
        Assert.False(SiloTls.IsSigned(null, [ours.Authority]));
    }
}
