using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Access;

/// <summary>What is wrong with the settings, all of it at once, before anything starts.</summary>
public sealed class AccessOptionsTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Build_EverythingWrong_SaysSoAtOnce()
    {
        File.WriteAllText(_scratch["tokens"], "alice short\n");
        File.WriteAllText(_scratch["empty.pem"], "nothing\n");
        var mistakes = Mistakes(
            ("Access:Rules:0:Modules", "git.test/[a"),
            ("Access:Rules:0:Read", "everybody"),
            ("Access:Rules:1:Read", "group:[x,subject:"),
            ("Access:Rules:2:Modules", "git.test"),
            ("Access:Rules:2:Namespace", "a/b"),
            ("Access:Rules:3:Modules", "git.test/a, git.test/b,Git.test/c,https://git.test/d"),
            ("Access:Rules:3:Read", "anybody"),
            ("Access:Default", "nobody"),
            ("Access:TokenFile", _scratch["tokens"]),
            ("Access:ClientCaFile", _scratch["empty.pem"]),
            ("Access:Oidc:Authority", "http://login.example.com"));
        foreach (var expected in (string[])
        [
            "Access:Rules:0:Modules: \"git.test/[a\" is not a pattern",
            "Access:Rules:0:Read: \"everybody\" names no reader: use anonymous, anybody, subject:GLOB or group:GLOB",
            "Access:Rules:1:Modules: names no module",
            "Access:Rules:3:Modules: \" git.test/b\" matches no module",
            "Access:Rules:3:Modules: \"Git.test/c\" matches no module",
            "Access:Rules:3:Modules: \"https://git.test/d\" matches no module",
            "Access:Rules:1:Read: \"group:[x\" names no reader",
            "Access:Rules:1:Read: \"subject:\" names no reader",
            "Access:Rules:2:Read: names nobody",
            "Access:Rules:2:Namespace: \"a/b\" is not a namespace",
            "Access:Default: \"nobody\" names no reader",
            $"Access:TokenFile: {_scratch["tokens"]}: line 1: the token has less than 16 characters",
            $"Access:ClientCaFile: {_scratch["empty.pem"]}: holds no certificate",
            "Access:Oidc:Authority: keys that come over plain http prove nothing; use https",
            "Access:Oidc:Audience: must not be empty",
        ])
        {
            Assert.Contains(mistakes, mistake => mistake.StartsWith(expected, StringComparison.Ordinal));
        }

        Assert.Contains(mistakes, static mistake => mistake.StartsWith("Access:ClientCaFile = ", StringComparison.Ordinal) && mistake.Contains("needs an https address", StringComparison.Ordinal));
        Assert.Equal(16, mistakes.Count);
    }

    [Theory]
    [InlineData("Access:Oidc:Audience", "proxy", "Access:Oidc:Audience: needs an authority")]
    [InlineData("Access:TokenFile", "/nowhere/tokens", "Access:TokenFile: /nowhere/tokens: ")]
    [InlineData("Access:ClientCaFile", "/nowhere/ca.pem", "Access:ClientCaFile: /nowhere/ca.pem: ")]
    [InlineData("Access:Rules:0:Reed", "anybody", "Access:Rules:0:Reed = ")]
    public void Build_OneThingWrong_SaysIt(string key, string value, string expected) =>
        Assert.Contains(Mistakes((key, value)), mistake => mistake.StartsWith(expected, StringComparison.Ordinal));

    private IReadOnlyList<string> Mistakes(params (string Key, string Value)[] settings) => Assert.Throws<SettingsException>(() => ProxyHost.Build(
        SettingsInput.Of([("Serve:Urls", "http://127.0.0.1:0"), ("Storage:Data", _scratch["data"]), .. settings]))).Mistakes;
}
