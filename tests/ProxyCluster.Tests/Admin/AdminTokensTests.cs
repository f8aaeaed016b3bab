using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Admin;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Admin;

public sealed class AdminTokensTests : IDisposable
{
    private const string Alice = "alices-long-token-0001";
    private const string Victor = "victors-long-token-0002";

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Find_PlainAndHashed_GiveNameAndRole()
    {
        var tokens = Write($"# people\n\noperator alice {Alice}\nviewer victor sha256:{Convert.ToHexString(AdminToken.HashOf(Victor))}\n");

        Assert.Equal(("alice", AdminRole.Operator), (tokens.FindOrNull(Alice)?.Name, tokens.FindOrNull(Alice)!.Role));
        Assert.Equal(("victor", AdminRole.Viewer), (tokens.FindOrNull(Victor)?.Name, tokens.FindOrNull(Victor)!.Role));
        Assert.Null(tokens.FindOrNull(Alice + "x"));
        Assert.Null(tokens.FindOrNull(""));
        Assert.Null(tokens.FindOrNull($"sha256:{Convert.ToHexString(AdminToken.HashOf(Victor))}"));
    }

    [Theory]
    [InlineData("operator alice", "line 1: it must be ROLE NAME TOKEN")]
    [InlineData("root alice alices-long-token-0001", "line 1: the role must be viewer or operator")]
    [InlineData("viewer alice short", "line 1: the token has less than 16 characters")]
    [InlineData("viewer alice sha256:12", "line 1: after sha256: there must be 64 hexadecimal digits")]
    public void Parse_WrongLine_SaysWhichAndNotTheToken(string line, string message)
    {
        Assert.Equal(message, Assert.Throws<InvalidDataException>(() => AdminTokens.Parse(line)).Message);
        var validated = new AdminOptionsValidation().Validate(null, new AdminOptions { TokenFile = Path(line) });
        Assert.Contains(message, validated.FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void File_Replaced_CountsAtOnce()
    {
        var tokens = Write($"operator alice {Alice}\n");
        Assert.NotNull(tokens.FindOrNull(Alice));

        Path($"operator victor {Victor}\n");

        Assert.Null(tokens.FindOrNull(Alice));
        Assert.NotNull(tokens.FindOrNull(Victor));
    }

    [Fact]
    public void File_BecomesWrongOrVanishes_TokensKnownBeforeStayInForce()
    {
        var tokens = Write($"operator alice {Alice}\n");
        Assert.NotNull(tokens.FindOrNull(Alice));

        Path("operator alice\n");
        Assert.NotNull(tokens.FindOrNull(Alice));
        File.Delete(_scratch["tokens"]);
        Assert.NotNull(tokens.FindOrNull(Alice));
    }

    private AdminTokens Write(string text) =>
        new(Options.Create(new AdminOptions { TokenFile = Path(text) }), NullLogger<AdminTokens>.Instance);

    private string Path(string text)
    {
        File.WriteAllText(_scratch["tokens"], text);
        return _scratch["tokens"];
    }
}
