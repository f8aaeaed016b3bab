using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ProxyCluster.Lines;

namespace ProxyCluster.Tests.Lines;

/// <summary>The form of a signature, made here from its description: members of other versions make and read it too.</summary>
public class PeerSignatureTests
{
    private const string Nonce = "0123456789abcdef0123456789abcdef";
    private const long Time = 1_767_225_600_000;

    private static readonly byte[] Secret = "sixteen bytes or more"u8.ToArray();

    [Fact]
    public void Parse_SignatureByTheDescription_GivesItsPartsAndMatches()
    {
        Assert.True(PeerSignature.TryParse(Header(), out var signature));
        Assert.Equal(("tokyo-1", Time, Nonce), (signature.Member, signature.UnixMilliseconds, signature.Nonce));
        Assert.True(Matches(signature));
        Assert.Equal(Header(), signature.ToString());
    }

    [Fact]
    public void Sign_ThenParse_MatchesAndHasANonceOfItsOwn()
    {
        var time = DateTimeOffset.FromUnixTimeMilliseconds(Time);
        var headers = Enumerable.Range(0, 2)
            .Select(_ => PeerSignature.Sign(Secret, "tokyo-1", time, "POST", "10.0.0.1:8081", "/-/x?y", "body"u8).ToString()).ToArray();
        Assert.Equal(2, headers.Distinct().Count());
        Assert.All(headers, static header =>
        {
            Assert.True(PeerSignature.TryParse(header, out var signature));
            Assert.True(Matches(signature));
            Assert.All(signature.Nonce, static digit => Assert.True(char.IsAsciiHexDigitLower(digit)));
        });
    }

    /// <summary>Each is signed as it stands there, so that nothing but its form is wrong with it.</summary>
    [Theory]
    [InlineData("v2")]
    [InlineData("v1", "")]
    [InlineData("v1", "tokyo-1", "+1767225600000")]
    [InlineData("v1", "tokyo-1", "-1767225600000")]
    [InlineData("v1", "tokyo-1", "soon")]
    [InlineData("v1", "tokyo-1", "1767225600000", "0123456789abcdef0123456789abcde")]
    [InlineData("v1", "tokyo-1", "1767225600000", "0123456789abcdef0123456789abcdef0")]
    public void Parse_AnotherForm_IsNone(string scheme, string member = "tokyo-1", string time = "1767225600000", string nonce = Nonce)
    {
        Assert.False(PeerSignature.TryParse(Header(scheme, member, time, nonce), out var signature));
        Assert.Equal(default, signature);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(200, true)]
    [InlineData(201, false)]
    public void Parse_NameOfAMember_IsBounded(int length, bool isTaken) =>
        Assert.Equal(isTaken, PeerSignature.TryParse(Header(member: new string('m', length)), out _));

    [Fact]
    public void Parse_MoreBehindIt_IsNone() => Assert.False(PeerSignature.TryParse(Header() + " more", out _));

    [Theory]
    [InlineData("")]
    [InlineData("not base64")]
    [InlineData("AAAA")]
    public void Matches_AnotherMac_DoesNot(string mac) => Assert.False(Matches(new PeerSignature("tokyo-1", Time, Nonce, mac)));

    [Fact]
    public void Matches_MacWithMoreBytesBehindIt_DoesNot()
    {
        var mac = Convert.FromBase64String(Header().Split(' ')[^1]);
        Assert.True(Matches(new PeerSignature("tokyo-1", Time, Nonce, Convert.ToBase64String(mac))));
        foreach (var more in (int[])[1, 2, 3, 4, 100])
            Assert.False(Matches(new PeerSignature("tokyo-1", Time, Nonce, Convert.ToBase64String([.. mac, .. new byte[more]]))));
    }

    private static bool Matches(in PeerSignature signature) => signature.Matches(Secret, "POST", "10.0.0.1:8081", "/-/x?y", "body"u8);

    private static string Header(
        string scheme = "v1", string member = "tokyo-1", string time = "1767225600000", string nonce = Nonce)
    {
        var milliseconds = long.TryParse(time, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : Time;
        var signed = string.Create(
            CultureInfo.InvariantCulture,
            $"v1\nPOST\n10.0.0.1:8081\n/-/x?y\n{member}\n{milliseconds}\n{nonce}\n{Convert.ToHexStringLower(SHA256.HashData("body"u8))}\n");
        return $"{scheme} {member} {time} {nonce} {Convert.ToBase64String(HMACSHA256.HashData(Secret, Encoding.UTF8.GetBytes(signed)))}";
    }
}
