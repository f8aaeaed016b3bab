using System.Text.Json;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Cli;

/// <summary>What <c>policy</c> does with files alone.</summary>
public sealed class PolicyVerbTests : IDisposable
{
    private const string Policy =
        """
        policy: 1
        rules:
        - {name: no-branches, action: block, match: {query: moving}, reason: builds must be repeatable, instead: a tagged version}
        - {name: old, action: warn, match: {modules: example.com/old}, text: goes away}

        """;

    private readonly ScratchDirectory _directory = new();

    public PolicyVerbTests() => File.WriteAllText(_directory["policy.yaml"], Policy);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Test_ACase_SaysWhatBecomesOfItAndWhy()
    {
        var call = await RunAsync("test", _directory["policy.yaml"], "--case", "example.com/m@master");
        Assert.Equal(
            $"{_directory["policy.yaml"]}: 2 rules, no mistake\n"
            + """
            example.com/m@master is blocked by rule no-branches
              why      builds must be repeatable
              instead  a tagged version
              rule     no-branches  blocks it
              rule     old          not reached

            """,
            call.Out);
        Assert.Equal((0, ""), (call.Status, call.Error));
    }

    [Fact]
    public async Task Test_Mistakes_AreNamedAsCompilersDo()
    {
        File.WriteAllText(_directory["policy.yaml"], "policy: 1\nrules:\n- {name: a, action: blok}\n- {name: a, action: allow}\n");
        var call = await RunAsync("test", _directory["policy.yaml"]);
        Assert.Equal(1, call.Status);
        Assert.Equal($"{_directory["policy.yaml"]}:3:21: \"blok\" is not an action: did you mean block?\n{_directory["policy.yaml"]}:4:10: there is another rule a\n", call.Error);
    }

    [Theory]
    [InlineData("- {ask: example.com/m@master, expect: block}", 0, "1 of 1 cases are as expected")]
    [InlineData("- {ask: example.com/m@master, expect: allow}\n- {ask: example.com/old@v1.0.0, warnings: [old]}", 1, "1 of 2 cases are as expected")]
    [InlineData("- {ask: example.com/m@master, expects: allow}", 1, "")]
    public async Task Test_Cases_AreCounted(string cases, int status, string told)
    {
        File.WriteAllText(_directory["cases.yaml"], $"cases:\n{cases}\n");
        var call = await RunAsync("test", _directory["policy.yaml"], "--cases", _directory["cases.yaml"]);
        Assert.Equal(status, call.Status);
        Assert.Contains(told, call.Out, StringComparison.Ordinal);
        if (status != 0)
            Assert.StartsWith($"{_directory["cases.yaml"]}:2", call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Test_WithAdvisories_JudgesByThem()
    {
        Directory.CreateDirectory(_directory["db/ID"]);
        File.WriteAllText(_directory["db/ID/GO-2025-1.json"], """
            {"id":"GO-2025-1","affected":[{"package":{"name":"example.com/m","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.5.0"}]}]}]}
            """);
        File.WriteAllText(_directory["policy.yaml"], "policy: 1\nrules:\n- {name: hole, action: block, reason: known, match: {advisories: {}}}\n");
        var call = await RunAsync("test", _directory["policy.yaml"], "--case", "example.com/m@v1.4.0", "--vulndb", _directory["db"]);
        Assert.Contains("example.com/m@v1.4.0 is blocked by rule hole\n  why      GO-2025-1, first fixed in v1.5.0: known\n  instead  example.com/m@v1.5.0\n", call.Out, StringComparison.Ordinal);
        Assert.Contains("example.com/m@v1.4.0 is allowed\n", (await RunAsync("test", _directory["policy.yaml"], "--case", "example.com/m@v1.4.0")).Out, StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync("test", _directory["policy.yaml"], "--vulndb", _directory["none"])).Status);
        Assert.Equal(2, (await RunAsync("test", _directory["policy.yaml"], "--vulndb", "ftp://x")).Status);
    }

    [Fact]
    public async Task Test_AsJson_IsOneObject()
    {
        var call = await RunAsync("test", _directory["policy.yaml"], "--case", "example.com/old@v1.0.0", "--json");
        using var json = JsonDocument.Parse(call.Out);
        Assert.Equal(2, json.RootElement.GetProperty("files")[0].GetProperty("rules").GetInt32());
        var one = json.RootElement.GetProperty("cases")[0];
        Assert.Equal((true, "old: goes away"), (one.GetProperty("isAllowed").GetBoolean(), one.GetProperty("warnings")[0].GetString()));
    }

    [Theory]
    [InlineData("test", "missing.yaml", "cannot be read")]
    [InlineData("test", "policy.yaml --case example.com/M!", "--case ")]
    [InlineData("test", "policy.yaml --case example.com/m --address here", "is no address")]
    [InlineData("test", "policy.yaml --case example.com/m --group release", "a client with groups has a subject")]
    [InlineData("diff", "1 policy.yaml", "--token-file is needed")]
    public async Task Policy_WrongUsage_Is2(string verb, string words, string told)
    {
        var call = await RunAsync([verb, .. words.Split(' ').Select(word => word.EndsWith(".yaml", StringComparison.Ordinal) ? _directory[word] : word)]);
        Assert.Equal(2, call.Status);
        Assert.Contains(told, call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Diff_OfFiles_ShowsWhatDiffersWithItsSurroundings()
    {
        File.WriteAllText(_directory["next.yaml"], Policy.Replace("goes away", "is gone", StringComparison.Ordinal));
        var call = await RunAsync("diff", _directory["policy.yaml"], _directory["next.yaml"]);
        Assert.Equal(1, call.Status);
        Assert.Contains("\n-- {name: old, action: warn, match: {modules: example.com/old}, text: goes away}\n+- {name: old, ", call.Out, StringComparison.Ordinal);
        Assert.StartsWith(" policy: 1\n rules:\n - {name: no-branches", call.Out, StringComparison.Ordinal);

        var same = await RunAsync("diff", _directory["policy.yaml"], _directory["policy.yaml"]);
        Assert.Equal((0, ""), (same.Status, same.Out));
    }

    private static Task<CommandLineCall> RunAsync(params string[] args) => CommandLineCall.RunAsync(["policy", .. args]);
}
