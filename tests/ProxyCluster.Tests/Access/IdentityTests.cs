using System.Net;
using ProxyCluster.Access;
using ProxyCluster.Gate;
using ProxyCluster.Http;
using ProxyCluster.Joining;
using ProxyCluster.Lines;

namespace ProxyCluster.Tests.Access;

/// <summary>Who a client is, in what travels between members.</summary>
public sealed class IdentityTests
{
    private const string Target = "/ns/pay/example.com/m/@v/list?x=;y";

    [Theory]
    [InlineData("10.0.0.7")]
    [InlineData("2001:db8::1")]
    [InlineData(null)]
    public void Forward_OfALoggedInClient_IsReadAsItWas(string? address)
    {
        var who = new Asker(address is null ? null : IPAddress.Parse(address)) { Identity = new("Alice Ünïcode;/|", ["a b", "go/tools"]) };
        var rest = PeerTarget.Forward(who, Target)[(PeerCalls.Prefix.Length + "forward/1/".Length)..];
        Assert.True(ForwardedRequest.TryParse(rest, "front-1", out var read));
        Assert.Equal((Target, who.Address, "front-1"), (read.Target, read.Who.Address, read.Who.Member));
        Assert.Equal(who.Identity.Subject, read.Who.Identity!.Subject);
        Assert.Equal(who.Identity.Groups.AsEnumerable(), read.Who.Identity.Groups);
    }

    [Fact]
    public void Forward_OfAnAnonymousClient_IsAsOlderMembersReadIt() =>
        Assert.Equal($"{PeerCalls.Prefix}forward/1/10.0.0.7{Target}", PeerTarget.Forward(new Asker(IPAddress.Parse("10.0.0.7")), Target));

    [Theory]
    [InlineData("10.0.0.7;/x")] // nobody
    [InlineData("10.0.0.7;!!/x")] // not encoded
    [InlineData("10.0.0.7;YQpiCmMK;YQ/x")]
    [InlineData(";YQ/x")]
    [InlineData("10.0.0.7")] // no target
    public void Forward_OfSomebodyWhoIsNobody_IsNotRead(string text) => Assert.False(ForwardedRequest.TryParse(text, "front-1", out _));

    [Theory]
    [InlineData("")]
    [InlineData(" alice")]
    [InlineData("al\nice")]
    public void OrNull_ANameThatCannotStandInALine_IsNobody(string subject) => Assert.Null(Identity.OrNull(subject, []));

    [Fact]
    public void OrNull_MoreGroupsThanMayTravel_KeepsTheFirst()
    {
        var all = Enumerable.Range(0, 1000).Select(static i => $"group-{i:0000}").ToList();
        var kept = Identity.OrNull("alice", all)!;
        Assert.InRange(kept.Groups.Length, 100, 300);
        Assert.Equal(all.Take(kept.Groups.Length), kept.Groups);
        Assert.InRange(kept.Write().Length, 1, 3000);
    }

    [Fact]
    public void Lane_OfALogin_IsOneFromManyAddresses()
    {
        var (here, there) = (Lane.Of(IPAddress.Parse("10.0.0.1"), null, "al ice|x"), Lane.Of(IPAddress.Parse("10.0.0.2"), "front-1", "al ice|x"));
        Assert.Equal(here, there);
        Assert.Equal(here.GetHashCode(), there.GetHashCode());
        Assert.NotEqual(here, Lane.Of(IPAddress.Parse("10.0.0.1"), null));
        Assert.NotEqual(here, Lane.Of(IPAddress.Parse("10.0.0.1"), null, "bob"));
        Assert.NotEqual(Lane.Of(null, "front-1"), Lane.Of(null, "front-2"));
    }

    [Theory]
    [InlineData("10.0.0.1", null, "al ice|x")]
    [InlineData("2001:db8::1", "front-1", "alice")]
    [InlineData(null, "front-1", "alice")]
    [InlineData("10.0.0.1", null, null)]
    [InlineData(null, "front-1", null)]
    public void Lane_Written_IsReadAsItWas(string? address, string? member, string? subject)
    {
        var lane = Lane.Of(address is null ? null : IPAddress.Parse(address), member, subject);
        Assert.Equal(lane, Lane.Parse(lane.ToString()));
        Assert.Equal(lane.Client, Lane.Parse(lane.ToString()).Client);
        Assert.DoesNotContain('|', lane.ToString());
    }
}
