using ProxyCluster.Clustering;

namespace ProxyCluster.Tests.Silos;

public sealed class MemberCardTests
{
    [Theory]
    [InlineData(Role.All)]
    [InlineData(Role.FrontEnd)]
    [InlineData(Role.Silo)]
    public void Card_OfAnyMember_IsReadBack(Role role)
    {
        var member = new Member("tokyo-0123456789ab", "tokyo", new Uri("https://silo-1.example.com:8443"), role, "0.1.0");

        Assert.Equal(member, MemberCard.ReadOrNull(MemberCard.Write(member)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Silo_0a1b2")]
    [InlineData("id region All 1.0 nowhere")]
    [InlineData("id region 7 1.0 http://a:1")]
    [InlineData("id region Boss 1.0 http://a:1")]
    [InlineData(" region All 1.0 http://a:1")]
    public void Name_OfNoneOfOurs_IsNoCard(string? name) => Assert.Null(MemberCard.ReadOrNull(name));
}
