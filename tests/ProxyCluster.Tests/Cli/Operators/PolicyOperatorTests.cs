using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ProxyCluster.Http;
using ProxyCluster.Policy;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Failover;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Cli.Operators;

/// <summary>An operator pushes policies to three whole regions, looks at them and goes back.</summary>
public sealed class PolicyOperatorTests : IAsyncLifetime
{
    private readonly ScratchDirectory _scratch = new();
    private readonly SiloLog _log = new();
    private RegionsSystem _system = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Sample => _system.World.Modules[0].Module.ToString();

    public async ValueTask InitializeAsync() => _system = await RegionsSystem.StartAsync(
        static _ => [(ProxyCluster.Configuration.SettingKeys.LogLevel, "Warning")],
        (_, services) => services.AddLogging(logging => logging.ClearProviders().AddProvider(_log)));

    public async ValueTask DisposeAsync()
    {
        await _system.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Push_ThenRollback_IsObeyedInEveryRegionUnderItsNumber()
    {
        Assert.Equal("there is no policy\n", (await RunAsync("history")).Out);
        await PushAsync("{name: bad, action: block, match: {modules: sample.proxycluster.dev, query: version}, reason: it deletes caches, instead: another}", "incident 12");

        await EverywhereAsync(HttpStatusCode.Forbidden, 1);
        Assert.Contains(_log.Lines, static line => line.Contains("Operator alice had policy 1 put in force (reason: incident 12)", StringComparison.Ordinal));

        await PushAsync("{name: mild, action: warn, match: {modules: sample.proxycluster.dev}, text: mind}", "it was too much");
        await EverywhereAsync(HttpStatusCode.OK, 2);

        var back = await RunAsync("rollback", "1", "--reason", "it was not");
        Assert.Equal((0, "policy 3: in force within two seconds wherever the cluster reaches\n"), (back.Status, back.Out));
        await EverywhereAsync(HttpStatusCode.Forbidden, 3);

        var history = (await RunAsync("history")).Out.Split('\n');
        Assert.Matches(@"^policy 3, \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ, by alice: back to 1: it was not \(in force\)$", history[0]);
        Assert.Matches("^policy 1, .*: incident 12$", history[2]);
        Assert.Matches(@"^# policy 2, .*\(not in force\)\npolicy: 1\n", (await RunAsync("show", "2")).Out);
        Assert.Contains("name: bad", (await RunAsync("show")).Out, StringComparison.Ordinal);
        Assert.Contains("+- {name: mild", (await RunAsync("diff", "1", "2")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_ARefusal_NamesRuleReasonInsteadAndSinceWhen()
    {
        await PushAsync("{name: bad, action: block, match: {modules: sample.proxycluster.dev, client: {group: 'r*'}}, reason: it deletes caches, instead: another}", "incident 12");
        await Waiting.UntilAsync(() => BookOf("frankfurt").Current.Number == 1);

        var call = await RunAsync("explain", Sample, "--subject", "ci", "--group", "release", "--viewer");

        Assert.Equal((0, ""), (call.Status, call.Error));
        Assert.Matches(
            $@"^{System.Text.RegularExpressions.Regex.Escape(Sample)} is blocked by rule bad
  why      it deletes caches
  instead  another
  policy   1, in force since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ, by alice: incident 12
  asked    \S+ in frankfurt
  rule     bad  blocks it
$",
            call.Out);
        Assert.StartsWith($"{Sample} is allowed\n", (await RunAsync("explain", Sample, "--subject", "ci")).Out, StringComparison.Ordinal);
        using var json = JsonDocument.Parse((await RunAsync("explain", Sample, "--json")).Out);
        Assert.Equal("not for this: group", json.RootElement.GetProperty("rules")[0].GetProperty("result").GetString());
    }

    [Theory]
    [InlineData("push", "policy: 1\nrules: [{name: a, action: blok}]", 1, ":2:27: \"blok\" is not an action: did you mean block?")]
    [InlineData("rollback", "7", 1, "there is no policy yet")]
    [InlineData("show", "7", 1, "there is no policy yet")]
    [InlineData("explain", "example.com/M!", 1, "M!")]
    public async Task Order_ThatMakesNoSense_IsToldInASentence(string verb, string what, int status, string told)
    {
        if (verb == "push")
            await File.WriteAllTextAsync(_scratch["policy.yaml"], what, Cancel);
        var call = await RunAsync([verb, verb == "push" ? _scratch["policy.yaml"] : what, .. verb is "push" or "rollback" ? new[] { "--reason", "x" } : []]);
        Assert.Equal((status, ""), (call.Status, call.Out));
        Assert.Contains(told, call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_ByAViewer_IsRefusedAndSaid()
    {
        await File.WriteAllTextAsync(_scratch["policy.yaml"], "policy: 1\nrules: []\n", Cancel);
        var call = await RunAsync("push", _scratch["policy.yaml"], "--reason", "x", "--viewer");
        Assert.Equal(1, call.Status);
        Assert.Contains("victor is a viewer; this takes an operator", call.Error, StringComparison.Ordinal);
        Assert.Equal(0, BookOf("frankfurt").Current.Number);
    }

    [Theory]
    [InlineData("push", """{"text":"policy: 1\nrules: [{name: a, action: blok}]","reason":"x"}""", 400, "2:27: ")]
    [InlineData("push", """{"text":"policy: 1","reason":" "}""", 400, "with text and a reason of at most 200 characters")]
    [InlineData("rollback", """{"text":"policy: 1","reason":"x"}""", 400, "with number and a reason")]
    [InlineData("rollback", """{"number":9,"reason":"x"}""", 404, "there is no policy yet")]
    [InlineData("explain", """{"asked":"example.com/m","groups":["a"]}""", 400, "a client with groups has a subject")]
    [InlineData("explain", "[]", 400, "must be JSON with asked")]
    [InlineData("nothing", "{}", 404, "of policy there is")]
    public async Task Api_AWrongBody_SaysWhy(string verb, string body, int status, string told)
    {
        using var content = new StringContent(body);
        using var answer = await _system.SendAsync("tokyo", HttpMethod.Post, $"/-/admin/v1/policy/{verb}", RegionsSystem.Operator, content);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains(told, (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_TheLargestPolicy_IsTaken()
    {
        var head = "policy: 1\nrules: []\n";
        await File.WriteAllTextAsync(_scratch["policy.yaml"], $"{head}#{new string('"', PolicyYaml.MaxBytes - head.Length - 1)}", Cancel);
        var call = await RunAsync("push", _scratch["policy.yaml"], "--reason", "x");
        Assert.Equal((0, ""), (call.Status, call.Error));
    }

    private PolicyBook BookOf(string region) => _system.Services(region).GetRequiredService<PolicyBook>();

    private async Task PushAsync(string rule, string reason)
    {
        await File.WriteAllTextAsync(_scratch["policy.yaml"], $"policy: 1\nrules:\n- {rule}\n", Cancel);
        var call = await RunAsync("push", _scratch["policy.yaml"], "--reason", reason);
        Assert.Equal((0, ""), (call.Status, call.Error));
    }

    private async Task EverywhereAsync(HttpStatusCode status, long number)
    {
        foreach (var region in RegionsSystem.Names)
        {
            await Waiting.UntilAsync(() => BookOf(region).Current.Number == number);
            using var answer = await _system.GetAsync(region, $"/{GoModules.Protocol.ProxyPath.Of(_system.World.Modules[0].Module, GoModules.Names.ArtifactKind.Mod)}");
            Assert.Equal((status, $"{number}"), (answer.StatusCode, answer.Headers.GetValues(PolicyAnswers.NumberHeader).Single()));
        }
    }

    private Task<CommandLineCall> RunAsync(params string[] words)
    {
        File.WriteAllText(_scratch["token"], words.Contains("--viewer") ? RegionsSystem.Viewer : RegionsSystem.Operator);
        return CommandLineCall.RunAsync(["policy", .. words.Where(static word => word != "--viewer"), "--url", _system.Url("frankfurt"), "--token-file", _scratch["token"]]);
    }
}
