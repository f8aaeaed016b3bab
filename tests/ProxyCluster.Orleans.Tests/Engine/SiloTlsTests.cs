using ProxyCluster.Orleans.Engine;

namespace ProxyCluster.Orleans.Tests.Engine;

public sealed class SiloTlsTests
{
    [Fact]
    public void IsSigned_ByOurAuthorityToday_IsTheOnlyWayIn()
    {
        using var ours = new TestCertificates("ours");
        using var theirs = new TestCertificates("theirs");
        using var good = ours.Sign();
        using var foreign = theirs.Sign();
        using var early = ours.Sign(fromDays: 1);

        Assert.True(SiloTls.IsSigned(good, [ours.Authority]));
        Assert.False(SiloTls.IsSigned(foreign, [ours.Authority]));
        Assert.False(SiloTls.IsSigned(early, [ours.Authority]));
        Assert.False(SiloTls.IsSigned(null, [ours.Authority]));
    }
}
