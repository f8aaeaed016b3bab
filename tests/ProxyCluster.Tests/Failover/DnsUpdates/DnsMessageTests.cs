using System.Text;
using CsCheck;
using ProxyCluster.Failover.DnsUpdates;

namespace ProxyCluster.Tests.Failover.DnsUpdates;

public sealed class DnsMessageTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly TsigKey Key = TsigKey.ParseOrNull("key \"Farm\" {\n\talgorithm hmac-sha256;\n\tsecret \"AAECAwQFBgcICQoLDA0ODw==\";\n};\n", out _)!;

    [Fact]
    public void Write_OneAddress_IsTheMessageOfTheStandard()
    {
        Assert.True(DnsName.TryParse("Go.example.", out var zone));

        var message = DnsUpdate.Write(0x1234, zone, [DnsUpdateTests.HoldingOf("t.go.example", "10.0.0.1")], TimeSpan.FromSeconds(30));

        const string Name = "0174" + "02676F" + "076578616D706C65" + "00";
        Assert.Equal(
            "1234" + "2800" + "0001" + "0000" + "0004" + "0000" // the header of an update: one zone, four changes
            + "02676F" + "076578616D706C65" + "00" + "0006" + "0001" // the zone, SOA IN
            + Name + "0005" + "00FF" + "00000000" + "0000" // no CNAME
            + Name + "0001" + "00FF" + "00000000" + "0000" // no A
            + Name + "001C" + "00FF" + "00000000" + "0000" // no AAAA
            + Name + "0001" + "0001" + "0000001E" + "0004" + "0A000001", // this A
            Convert.ToHexString(message));
    }

    [Fact]
    public void Sign_ThenRead_IsTheSignature()
    {
        var (message, mac) = Tsig.Sign(Answer(), Key, Now);

        var answer = DnsAnswer.ParseOrNull(message)!;

        Assert.Equal((7, true, 0, null), (answer.Id, answer.IsAnswer, answer.Code, answer.RefusalOrNull()));
        Assert.Equal(("farm", "hmac-sha256", (ulong)Now.ToUnixTimeSeconds()), (answer.Signature!.KeyName, answer.Signature.Algorithm, answer.Signature.Time));
        Assert.Equal(mac, answer.Signature.Mac);
    }

    [Fact]
    public void Fault_AnswerOfAnotherQuestionOrKeyOrNone_IsFound()
    {
        // Signed as a question is, so not over our question's signature: whoever has no key can play no more than that.
        var (message, mac) = Tsig.Sign(Answer(), Key, Now);
        var record = DnsAnswer.ParseOrNull(message)!.Signature;

        Assert.Equal("the answer's signature is wrong", Tsig.FaultOrNull(message, record, Key, mac, Now));
        Assert.Equal("the answer is signed with another key", Tsig.FaultOrNull(message, record! with { KeyName = "other" }, Key, mac, Now));
        Assert.Equal("the answer is not signed", Tsig.FaultOrNull(Answer(), null, Key, mac, Now));
        Assert.Equal("the answer is not signed", Tsig.FaultOrNull(message, record! with { Mac = [] }, Key, mac, Now));
    }

    [Fact]
    public void Parse_AnyBytes_NeverThrows()
    {
        var (signed, _) = Tsig.Sign(Answer(), Key, Now);

        Gen.Byte.Array[0, 80].Sample(static bytes =>
        {
            DnsAnswer.ParseOrNull(bytes);
            return true;
        });
        Gen.Select(Gen.Int[0, signed.Length - 1], Gen.Byte, Gen.Int[0, signed.Length]).Sample((at, value, length) =>
        {
            var bytes = signed.ToArray();
            bytes[at] = value;
            DnsAnswer.ParseOrNull(bytes.AsSpan(0, length));
            return true;
        });
    }

    [Fact]
    public void Parse_NameThatPointsAtItself_IsNoMessage() =>
        Assert.Null(DnsAnswer.ParseOrNull([0, 7, 0xA8, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 12, 0, 6, 0, 1]));

    [Theory]
    [InlineData("", "there is no statement")]
    [InlineData("key \"a\" { algorithm hmac-md5; secret \"AAEC\"; };", "only hmac-sha256")]
    [InlineData("key \"a\" { algorithm hmac-sha256; secret \"A!\"; };", "no base64")]
    [InlineData("key \"a..b\" { algorithm hmac-sha256; secret \"AAEC\"; };", "none of DNS")]
    public void Key_ThatIsNone_SaysWhatIsWrong(string text, string why)
    {
        Assert.Null(TsigKey.ParseOrNull(text, out var error));
        Assert.Contains(why, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ns1.example.com", "ns1.example.com:53")]
    [InlineData("ns1.example.com:5353", "ns1.example.com:5353")]
    [InlineData("10.0.0.1:5353", "10.0.0.1:5353")]
    [InlineData("fd00::1", "fd00::1:53")]
    [InlineData("[fd00::1]:5353", "fd00::1:5353")]
    [InlineData("ns1:0", null)]
    [InlineData("ns 1", null)]
    [InlineData("", null)]
    public void Server_AsText_IsHostAndPort(string text, string? expected) =>
        Assert.Equal(expected, DnsServer.TryParse(text, out var server) ? $"{server.Host}:{server.Port}" : null);

    [Fact]
    public void Name_TooLongOrEmpty_IsNone()
    {
        Assert.False(DnsName.TryParse("", out _));
        Assert.False(DnsName.TryParse("a..b", out _));
        Assert.False(DnsName.TryParse("a b", out _));
        Assert.False(DnsName.TryParse(new string('a', 64) + ".b", out _));
        Assert.False(DnsName.TryParse(string.Join('.', Enumerable.Repeat("abcdefghi", 26)), out _));
        Assert.True(DnsName.TryParse("A.B.", out var name));
        Assert.Equal("\u0001a\u0001b\0", Encoding.ASCII.GetString(name.Wire()));
    }

    private static byte[] Answer() => [0, 7, 0xA8, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, (byte)'a', 0, 0, 6, 0, 1];
}
