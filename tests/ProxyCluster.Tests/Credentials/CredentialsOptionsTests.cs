using ProxyCluster.Credentials;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Cli;

namespace ProxyCluster.Tests.Credentials;

/// <summary>The settings: what is refused, and that no secret is ever printed.</summary>
public sealed class CredentialsOptionsTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("Rules:0:Match", "", "Rules:0:Match")]
    [InlineData("Rules:0:Match", "[", "not a pattern")]
    [InlineData("Rules:0:Match", "*", "hosts with names")]
    [InlineData("Rules:0:Match", "a.example,*.*/x", "hosts with names")]
    [InlineData("Rules:0:Modules", "[", "Rules:0:Modules")]
    [InlineData("Rules:0:Token", "", "exactly one")]
    [InlineData("Rules:0:Token", "two words", "spaces")]
    [InlineData("Rules:0:TokenFile", "/does/not/exist", "exactly one")]
    [InlineData("Rules:0:Username", "me", "only a password")]
    [InlineData("Rules:1:Username", "", "a password needs one")]
    [InlineData("Rules:1:Username", "a:b", "colon")]
    [InlineData("Rules:2:Headers:X Key", "hunter2", "header's name")]
    [InlineData("Rules:3:TokenFile", "/does/not/exist", "/does/not/exist")]
    [InlineData("Rules:4:Helper", "'", "Helper")]
    [InlineData("Rules:5:GoAuth", "git /x", "GoAuth")]
    [InlineData("Rules:5:GoAuth", "a; b", "GoAuth")]
    [InlineData("OAuth:corp:Hosts", "*", "hosts with names")]
    [InlineData("OAuth:corp:ClientId", "", "ClientId")]
    [InlineData("OAuth:corp:TokenEndpoint", "http://id.example/t", "https URL")]
    [InlineData("OAuth:corp:Issuer", "https://me:hunter2@id.example", "https URL")]
    [InlineData("OAuth:corp:DeviceEndpoint", "", "give it, or both")]
    [InlineData("OAuth:a/b:Hosts", "a.example", "a provider's name")]
    [InlineData("CommandTimeout", "0s", "CommandTimeout")]
    public async Task Setting_ThatMeansNothing_IsRefusedInWordsWithoutSecrets(string key, string value, string says)
    {
        Assert.Equal(0, (await ConfigAsync()).Status);
        var (status, output, errors) = await ConfigAsync((key, value));
        Assert.Equal(2, status);
        Assert.Contains(says, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", output + errors, StringComparison.Ordinal);
        Assert.DoesNotContain("two words", output + errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_AsTheyArePrinted_HoldNoSecret()
    {
        var (status, output, errors) = await ConfigAsync();
        Assert.True(status == 0, errors);
        foreach (var key in new[] { "Rules:0:Token", "Rules:1:Password", "Rules:2:Headers:X-Key", "OAuth:corp:ClientSecret" })
            Assert.Contains($"Credentials:{key} ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", output + errors, StringComparison.Ordinal);
    }

    private Task<CommandLineCall> ConfigAsync(params (string Key, string Value)[] changes)
    {
        File.WriteAllText(_scratch["token"], "hunter2");
        var settings = new Dictionary<string, string>
        {
            ["Rules:0:Match"] = "a.example",
            ["Rules:0:Token"] = "hunter2",
            ["Rules:1:Match"] = "b.example",
            ["Rules:1:Username"] = "me",
            ["Rules:1:Password"] = "hunter2",
            ["Rules:2:Match"] = "c.example/x",
            ["Rules:2:Headers:X-Key"] = "hunter2",
            ["Rules:3:Match"] = "*.corp.example",
            ["Rules:3:TokenFile"] = _scratch["token"],
            ["Rules:4:Match"] = "*",
            ["Rules:4:Helper"] = "store",
            ["Rules:5:Match"] = "*",
            ["Rules:5:GoAuth"] = "/bin/auth 'a b'",
            ["OAuth:corp:Hosts"] = "git.corp.example",
            ["OAuth:corp:ClientId"] = "me",
            ["OAuth:corp:ClientSecret"] = "hunter2",
            ["OAuth:corp:DeviceEndpoint"] = "https://id.example/d",
            ["OAuth:corp:TokenEndpoint"] = "https://id.example/t",
        };
        foreach (var (key, value) in changes)
            settings[key] = value;
        return CommandLineCall.RunAsync(["config", .. settings.SelectMany(static setting => (string[])["--set", $"{CredentialsOptions.Section}:{setting.Key}={setting.Value}"])]);
    }
}
