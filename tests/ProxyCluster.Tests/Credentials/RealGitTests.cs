using System.Diagnostics;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Credentials;

/// <summary><c>proxycluster credential</c> as the helper of the real git, which asks and tells it as it would any other.</summary>
[Trait("Needs", "corpus")]
public sealed class RealGitTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Git_WithOurHelper_IsGivenOurLogins()
    {
        Configure("""
            { "Credentials": { "Rules": [
              { "Match": "token.example/team", "Token": "t0ken" },
              { "Match": "basic.example", "Username": "me", "PasswordFile": "PASSWORD" },
              { "Match": "header.example", "Headers": { "X-Key": "k" } } ] } }
            """);
        File.WriteAllText(_scratch["password"], "p=w ü\n");
        Assert.Equal("username=oauth2\npassword=t0ken", Given(await GitAsync("fill", "protocol=https\nhost=token.example\npath=team/x.git\n")));
        Assert.Equal("username=me\npassword=p=w ü", Given(await GitAsync("fill", "protocol=https\nhost=basic.example:8443\n")));
        Assert.Equal("username=me\npassword=p=w ü", Given(await GitAsync("fill", "url=https://me@basic.example/x\n")));
        foreach (var url in new[] { "https://header.example", "https://token.example/other", "https://you@basic.example", "http://basic.example" })
        {
            var (status, output, errors) = await GitAsync("fill", $"url={url}\n");
            Assert.NotEqual(0, status);
            Assert.DoesNotContain("password=", output, StringComparison.Ordinal);
            Assert.Contains("terminal prompts disabled", errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Git_ThatApprovesOrRejects_ReachesTheHelperBehindUs()
    {
        Configure($$"""{ "Credentials": { "Rules": [ { "Match": "*.example", "Helper": "store --file '{{_scratch["kept"]}}'" } ] } }""");
        File.WriteAllText(_scratch["kept"], "https://me:pw@a.example\nhttps://you:pw@b.example\n");
        var (_, filled, _) = await GitAsync("fill", "protocol=https\nhost=a.example\n");
        Assert.Contains("password=pw", filled, StringComparison.Ordinal);
        Assert.Equal(0, (await GitAsync("approve", filled)).Status);
        Assert.Contains("https://me:pw@a.example", File.ReadAllText(_scratch["kept"]), StringComparison.Ordinal);

        // A password that is not ours is none of its business.
        await GitAsync("reject", "protocol=https\nhost=a.example\nusername=me\npassword=other\n");
        Assert.Contains("https://me:pw@a.example", File.ReadAllText(_scratch["kept"]), StringComparison.Ordinal);
        await GitAsync("reject", filled);
        Assert.Equal("https://you:pw@b.example\n", File.ReadAllText(_scratch["kept"]));
    }

    private static string Given((int Status, string Output, string Errors) git)
    {
        Assert.True(git.Status == 0, git.Errors);
        return string.Join('\n', git.Output.Split('\n').Where(static line => line.StartsWith("username=", StringComparison.Ordinal) || line.StartsWith("password=", StringComparison.Ordinal)));
    }

    private void Configure(string json) => File.WriteAllText(_scratch["config.json"], json.Replace("PASSWORD", _scratch["password"], StringComparison.Ordinal));

    private async Task<(int Status, string Output, string Errors)> GitAsync(string operation, string input)
    {
        var helper = $"!dotnet '{Path.Combine(AppContext.BaseDirectory, "proxycluster.dll")}' credential --config '{_scratch["config.json"]}' --data '{_scratch["data"]}'";
        var start = new ProcessStartInfo("git", ["-c", "credential.useHttpPath=true", "-c", "credential.helper=" + helper, "credential", operation])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _scratch.Path,
        };
        start.Environment["HOME"] = _scratch.Path;
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["LC_ALL"] = "C";
        start.Environment.Remove("NETRC");
        using var git = Process.Start(start)!;
        await git.StandardInput.WriteAsync(input);
        git.StandardInput.Close();
        var (output, errors) = (git.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), git.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await git.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (git.ExitCode, await output, await errors);
    }
}
