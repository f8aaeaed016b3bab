using ProxyCluster.Clustering.Etcd;

namespace ProxyCluster.Tests.Clustering.Etcd;

public sealed class EtcdContactTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    [Fact]
    public void IsSettled_AnsweredEveryHeartbeat_Always()
    {
        var contact = EtcdContact.Begin(S(0), Ttl);
        for (var s = 1; s < 60; s++)
        {
            contact = contact.Answered(S(s));
            Assert.True(contact.IsSettled(S(s + 0.5), Grace));
        }
    }

    [Fact]
    public void IsSettled_WhileSilent_NotAfterHalfALease()
    {
        var contact = EtcdContact.Begin(S(0), Ttl).Answered(S(1));

        Assert.True(contact.IsSettled(S(2.5), Grace));
        Assert.False(contact.IsSettled(S(2.6), Grace));
    }

    [Fact]
    public void IsSettled_KnownToHaveBeenAway_OnlyOnceWellForTheGraceTime()
    {
        var contact = EtcdContact.Begin(S(0), Ttl).Answered(S(1)).Returned(S(1.5));
        for (var s = 2; s < 12; s++)
        {
            Assert.False(contact.IsSettled(S(s - 0.5), Grace));
            contact = contact.Answered(S(s));
        }

        Assert.True(contact.IsSettled(S(12), Grace));
    }

    [Fact]
    public void IsSettled_AfterAGap_OnlyOnceWellForTheGraceTime()
    {
        var contact = EtcdContact.Begin(S(0), Ttl).Answered(S(1)).Answered(S(31));

        for (var s = 31; s < 41; s++)
        {
            contact = contact.Answered(S(s));
            Assert.False(contact.IsSettled(S(s), Grace));
        }

        Assert.True(contact.Answered(S(41)).IsSettled(S(41), Grace));
    }

    [Fact]
    public void IsSettled_AnotherGapDuringTheGraceTime_CountsAnew()
    {
        var contact = EtcdContact.Begin(S(0), Ttl).Answered(S(1)).Answered(S(31)).Answered(S(32)).Answered(S(36));
        for (var s = 37; s <= 45; s++)
            contact = contact.Answered(S(s));

        Assert.False(contact.IsSettled(S(45), Grace));
        Assert.True(contact.Answered(S(46)).IsSettled(S(46), Grace));
    }

    [Theory]
    [InlineData(2.9, true)]
    [InlineData(3.0, false)]
    [InlineData(30, false)]
    public void LeaseTerm_ByTheLocalClock_CertainForItsLengthOnly(double seconds, bool expected) =>
        Assert.Equal(expected, new LeaseTerm(1, S(100), Ttl).IsCertain(S(100 + seconds)));

    private static TimeSpan S(double seconds) => TimeSpan.FromSeconds(seconds);
}
