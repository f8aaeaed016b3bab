using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Access;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Access;

/// <summary>The file of clients' tokens; what it has in common with operators' is tested there.</summary>
public sealed class AccessTokensTests : IDisposable
{
    private const string Alice = "alices-long-token-0001";

    private readonly ScratchDirectory _scratch = new();
    private readonly ManualTimeProvider _clock = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Find_AToken_GivesItsNameAndGroups()
    {
        var tokens = Of($"alice {Alice} payments,go/tools\nbob sha256:{Convert.ToHexString(TokenLines.HashOf("bobs-long-token-00002"))}\n");
        Assert.Equal(["payments", "go/tools"], tokens.FindOrNull(Alice)!.Groups);
        Assert.Equal(("bob", 0), (tokens.FindOrNull("bobs-long-token-00002")!.Subject, tokens.FindOrNull("bobs-long-token-00002")!.Groups.Length));
        Assert.Null(tokens.FindOrNull("nobodys-long-token-03"));
    }

    [Theory]
    [InlineData("alice", "line 1: it must be NAME TOKEN or NAME TOKEN GROUP,GROUP…")]
    [InlineData("alice alices-long-token-0001 a b", "line 1: it must be NAME TOKEN or NAME TOKEN GROUP,GROUP…")]
    [InlineData("alice short", "line 1: the token has less than 16 characters")]
    public void Parse_WrongLine_SaysWhichAndNotTheToken(string line, string message)
    {
        Assert.Empty(TokenLines.Parse<Identity>(line, AccessTokens.Read, out var faults));
        Assert.Equal([message], faults);
    }

    [Fact]
    public void File_Replaced_CountsAfterASecond()
    {
        var tokens = Of($"alice {Alice}\n");
        Assert.NotNull(tokens.FindOrNull(Alice));
        Write("# nobody\n");
        Assert.NotNull(tokens.FindOrNull(Alice));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(tokens.FindOrNull(Alice));
    }

    private AccessTokens Of(string text) =>
        new(Options.Create(new AccessOptions { TokenFile = Write(text) }), _clock, NullLogger<AccessTokens>.Instance);

    private string Write(string text)
    {
        File.WriteAllText(_scratch["tokens"], text);
        return _scratch["tokens"];
    }
}
