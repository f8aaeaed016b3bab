using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Access;
using ProxyCluster.Admin;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Admin;

public sealed class AdminTokensTests : IDisposable
{
    private const string Alice = "alices-long-token-0001";
    private const string Victor = "victors-long-token-0002";

    private readonly ScratchDirectory _scratch = new();
    private readonly ManualTimeProvider _clock = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Find_PlainAndHashed_GiveNameAndRole()
    {
        var tokens = Write($"# people\n\noperator alice {Alice}\nviewer victor sha256:{Convert.ToHexString(TokenLines.HashOf(Victor))}\n");

        Assert.Equal(("alice", AdminRole.Operator), (tokens.FindOrNull(Alice)?.Name, tokens.FindOrNull(Alice)!.Role));
        Assert.Equal(("victor", AdminRole.Viewer), (tokens.FindOrNull(Victor)?.Name, tokens.FindOrNull(Victor)!.Role));
        Assert.Null(tokens.FindOrNull(Alice + "x"));
        Assert.Null(tokens.FindOrNull(""));
        Assert.Null(tokens.FindOrNull($"sha256:{Convert.ToHexString(TokenLines.HashOf(Victor))}"));
    }

    [Theory]
    [InlineData("operator alice", "line 1: it must be ROLE NAME TOKEN")]
    [InlineData("root alice alices-long-token-0001", "line 1: the role must be viewer or operator")]
    [InlineData("viewer alice short", "line 1: the token has less than 16 characters")]
    [InlineData("viewer alice sha256:12", "line 1: after sha256: there must be 64 hexadecimal digits")]
    public void Parse_WrongLine_SaysWhichAndNotTheToken(string line, string message)
    {
        Assert.Empty(TokenLines.Parse<AdminToken>(line, AdminTokens.Read, out var faults));
        Assert.Equal([message], faults);
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
    public void File_HasAWrongLine_TheOthersCountAndWhoWasTakenOutIsOut()
    {
        var tokens = Write($"operator alice {Alice}\n");
        Assert.NotNull(tokens.FindOrNull(Alice));

        Path($"operator bob\noperator victor {Victor}\n");

        Assert.Null(tokens.FindOrNull(Alice));
        Assert.NotNull(tokens.FindOrNull(Victor));
    }

    [Fact]
    public void File_Vanishes_IsNobodysAtOnce()
    {
        var tokens = Write($"operator alice {Alice}\n");
        Assert.NotNull(tokens.FindOrNull(Alice));

        File.Delete(_scratch["tokens"]);

        Assert.Null(tokens.FindOrNull(Alice));
        Path($"operator alice {Alice}\n");
        Assert.NotNull(tokens.FindOrNull(Alice));
    }

    [Fact]
    public void File_CannotBeRead_TokensKnownBeforeStayForAMinuteAndNoLonger()
    {
        var tokens = Write($"operator alice {Alice}\n");
        Assert.NotNull(tokens.FindOrNull(Alice));

        // A directory in its place: there, and not to be read, for whomever the tests run as.
        File.Delete(_scratch["tokens"]);
        Directory.CreateDirectory(_scratch["tokens"]);
        Assert.NotNull(tokens.FindOrNull(Alice));
        _clock.Advance(AdminTokens.Grace - TimeSpan.FromTicks(1));
        Assert.NotNull(tokens.FindOrNull(Alice));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Null(tokens.FindOrNull(Alice));

        Directory.Delete(_scratch["tokens"]);
        Path($"operator alice {Alice}\n");
        Assert.NotNull(tokens.FindOrNull(Alice));
    }

    [Fact]
    public void File_CannotBeReadOnce_IsReadAgainAtTheNextUse()
    {
        var tokens = Write($"operator alice {Alice}\n");
        File.Delete(_scratch["tokens"]);
        Directory.CreateDirectory(_scratch["tokens"]);
        Assert.Null(tokens.FindOrNull(Alice));

        Directory.Delete(_scratch["tokens"]);
        Path($"operator victor {Victor}\n");

        Assert.NotNull(tokens.FindOrNull(Victor));
    }

    [Fact]
    public void File_BehindALinkThatIsTurned_CountsAtOnce()
    {
        // As Kubernetes mounts a secret.
        foreach (var (version, line) in (ReadOnlySpan<(string, string)>)[("v1", $"operator alice {Alice}\n"), ("v2", $"operator victo {Victor}\n")])
        {
            Directory.CreateDirectory(_scratch[version]);
            File.WriteAllText(System.IO.Path.Combine(_scratch[version], "tokens"), line);
        }

        Directory.CreateSymbolicLink(_scratch["data"], "v1");
        File.CreateSymbolicLink(_scratch["tokens"], "data/tokens");
        var tokens = Of(_scratch["tokens"]);
        Assert.NotNull(tokens.FindOrNull(Alice));

        Directory.Delete(_scratch["data"]);
        Directory.CreateSymbolicLink(_scratch["data"], "v2");

        Assert.Null(tokens.FindOrNull(Alice));
        Assert.NotNull(tokens.FindOrNull(Victor));
    }

    private AdminTokens Write(string text) => Of(Path(text));

    private AdminTokens Of(string file) => new(Options.Create(new AdminOptions { TokenFile = file }), _clock, NullLogger<AdminTokens>.Instance);

    private string Path(string text)
    {
        File.WriteAllText(_scratch["tokens"], text);
        return _scratch["tokens"];
    }
}
