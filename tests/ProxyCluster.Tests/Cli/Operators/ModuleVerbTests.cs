using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ProxyCluster.Demo;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Lines;
using ProxyCluster.Rulings;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Failover;
using ProxyCluster.Tests.Lines;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Cli.Operators;

/// <summary>An operator has a module version withdrawn, accepted and forgotten, on three whole regions and on members that a test writes.</summary>
public sealed class ModuleVerbTests : IAsyncLifetime
{
    private readonly ScratchDirectory _scratch = new();
    private readonly SiloLog _log = new();
    private RegionsSystem _system = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private PackedModule Sample => _system.World.Modules[0];

    private string Zip => $"/{DiskStore.KeyOf(Sample.Module, ArtifactKind.Zip)}";

    public async ValueTask InitializeAsync() => _system = await RegionsSystem.StartAsync(
        static _ => [(ProxyCluster.Configuration.SettingKeys.LogLevel, "Warning")],
        (_, services) => services.AddLogging(logging => logging.ClearProviders().AddProvider(_log)));

    public async ValueTask DisposeAsync()
    {
        await _system.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Forget_HeldInEveryRegion_IsGoneEverywhereAndFetchedAnew()
    {
        await HaveEverywhereAsync();
        var fetches = Fetches();

        var call = await ForgetAsync();

        Assert.Equal((0, ""), (call.Status, call.Error));
        Assert.Equal(
            RegionsSystem.Names.Select(region => $"{region} {_system[region].Self!.Id}: forgotten"),
            call.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        foreach (var region in RegionsSystem.Names)
        {
            Assert.Null(RecordOf(region));
            Assert.DoesNotContain(Directory.EnumerateFiles(_system.Data(region) + "/modules", "*", SearchOption.AllDirectories),
                file => file.Contains(Sample.Module.Version, StringComparison.Ordinal));
            using var stored = await _system.GetAsync(region, "/cached-only" + Zip);
            Assert.Equal(HttpStatusCode.NotFound, stored.StatusCode);
        }

        using var again = await _system.GetAsync("tokyo", Zip);
        Assert.Equal(Sample.Zip, await again.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(fetches + 1, Fetches());
    }

    [Fact]
    public async Task Forget_Obeyed_IsOneLineInTheLogWithWhoWhyAndWhatEachSaid()
    {
        await HaveEverywhereAsync();

        await ForgetAsync();

        var line = Assert.Single(_log.Lines, static line => line.Contains("Operator", StringComparison.Ordinal));
        Assert.Contains($"Operator alice had {Sample.Module} forgotten (reason: a moved tag; complete: True)", line, StringComparison.Ordinal);
        Assert.All(RegionsSystem.Names, region => Assert.Contains($"{region}/{_system[region].Self!.Id} forgotten", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Forget_HeldByNobody_IsDone()
    {
        var call = await ForgetAsync();

        Assert.Equal(0, call.Status);
        Assert.Equal(3, call.Out.Split(": not held\n").Length - 1);
    }

    [Fact]
    public async Task Forget_AMemberCannotBeReached_IsNotDoneAndNamesItAndTheOthersHaveForgotten()
    {
        await HaveEverywhereAsync();
        var away = await ScriptedPeer.JoinAsync(_system.Cluster, "osaka", static (_, _) => Task.CompletedTask, Cancel);
        await away.StopListeningAsync();

        var call = await ForgetAsync();

        Assert.Equal(1, call.Status);
        Assert.Contains($"osaka {away.Member.Id}: unreachable (", call.Out, StringComparison.Ordinal);
        Assert.Contains("is not forgotten everywhere", call.Error, StringComparison.Ordinal);
        Assert.All(RegionsSystem.Names, region => Assert.Null(RecordOf(region)));
    }

    [Fact]
    public async Task Forget_ARegionHasNoSilo_IsNotDone()
    {
        await HaveEverywhereAsync();
        await _system.KillAsync("sanjose");

        var answer = await PostAsync(Sample.Module.Path.Value, Sample.Module.Version, "a moved tag");

        Assert.False(answer.GetProperty("complete").GetBoolean());
        var lost = Assert.Single(answer.GetProperty("members").EnumerateArray(), static one => one.GetProperty("region").GetString() == "sanjose");
        Assert.Equal("unreachable", lost.GetProperty("result").GetString());
    }

    [Theory]
    [InlineData(404, "no such internal path", "unreachable", 1)] // an older member, which does not know the question
    [InlineData(503, "the disk is ill", "unreachable", 1)]
    [InlineData(200, "yes", "unreachable", 1)]
    [InlineData(200, "not held", "not held", 0)]
    public async Task Forget_AMemberAnswers_OnlyItsWordCounts(int status, string word, string result, int exit)
    {
        await using var peer = await ScriptedPeer.JoinAsync(_system.Cluster, "osaka", (context, _) => SayAsync(context, status, word), Cancel);

        var call = await ForgetAsync();

        Assert.Equal(exit, call.Status);
        Assert.Contains($"osaka {peer.Member.Id}: {result}", call.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forget_ACopyCameBackMeanwhile_IsAskedForAgainUntilNobodyHeldIt()
    {
        var asked = 0;
        await using var peer = await ScriptedPeer.JoinAsync(
            _system.Cluster, "osaka", (context, _) => SayAsync(context, 200, ++asked < 3 ? "forgotten" : "not held"), Cancel);

        var call = await ForgetAsync();

        Assert.Equal(0, call.Status);
        Assert.Contains($"osaka {peer.Member.Id}: forgotten", call.Out, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Repeat(PeerTarget.Forget(Sample.Module), 3), peer.Asked);
    }

    [Fact]
    public async Task Forget_CopiesComeBackForEver_IsNotDone()
    {
        await using var peer = await ScriptedPeer.JoinAsync(_system.Cluster, "osaka", static (context, _) => SayAsync(context, 200, "forgotten"), Cancel);

        Assert.Equal(1, (await ForgetAsync()).Status);
    }

    [Fact]
    public async Task Forget_ByAViewer_IsRefusedAndNothingIsForgotten()
    {
        await HaveEverywhereAsync();

        var call = await ForgetAsync(RegionsSystem.Viewer);

        Assert.Equal(1, call.Status);
        Assert.Contains("victor is a viewer; this takes an operator", call.Error, StringComparison.Ordinal);
        Assert.All(RegionsSystem.Names, region => Assert.NotNull(RecordOf(region)));
    }

    [Fact]
    public async Task Withdraw_HeldInEveryRegion_IsRefusedEverywhereUntilItIsTakenBack()
    {
        await HaveEverywhereAsync();

        var call = await RunAsync("withdraw", "--reason", "leaks a password");

        Assert.Equal((0, ""), (call.Status, call.Error));
        Assert.Contains($"{Sample.Module}: withdrawn, in force within two seconds", call.Out, StringComparison.Ordinal);
        await EverywhereAsync(HttpStatusCode.Forbidden, "was withdrawn by alice");
        var list = await CommandLineCall.RunAsync("module", "rulings", "--url", _system.Url("tokyo"), "--token-file", _scratch["token"]);
        Assert.Matches($@"^\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ withdraw {System.Text.RegularExpressions.Regex.Escape(Sample.Module.ToString())} by alice: leaks a password\n$", list.Out);
        Assert.Contains(_log.Lines, static line => line.Contains("Operator alice gave the order to Withdraw", StringComparison.Ordinal));

        Assert.Equal(0, (await RunAsync("withdraw", "--reason", "it was another", "--undo")).Status);
        await EverywhereAsync(HttpStatusCode.OK, "");
    }

    [Theory]
    [InlineData("accept", "--zip", "h1:AAAA", "say what is accepted")]
    [InlineData("accept", "--go-mod", "AAAA", "say what is accepted")]
    [InlineData("accept", "--zip", "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "is for a checksum database to prove")]
    [InlineData("withdraw", "--undo", "true", "is not withdrawn")]
    public async Task Order_ThatMakesNoSense_IsToldInASentence(string verb, string option, string value, string told)
    {
        var call = await RunAsync(verb, "--reason", "x", option, value);

        Assert.Equal((1, ""), (call.Status, call.Out));
        Assert.Contains(told, call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Withdraw_ByAViewer_IsRefused()
    {
        var call = await RunAsync("withdraw", "--reason", "x", token: RegionsSystem.Viewer);

        Assert.Equal(1, call.Status);
        Assert.Contains("victor is a viewer; this takes an operator", call.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("example.com/lib", "write it as PATH@VERSION")]
    [InlineData("example.com/lib@main", "is not a canonical version")]
    [InlineData("example.com/lib@v2.0.0", "should be v0 or v1")]
    public async Task Forget_OfWhatIsNoModuleVersion_IsToldInASentence(string text, string told)
    {
        var call = await CommandLineCall.RunAsync("module", "forget", text, "--reason", "x", "--token-file", "none");

        Assert.Equal(2, call.Status);
        Assert.Contains(told, call.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"module":"example.com/lib","version":"v1.0.0","reason":" "}""", "a reason of at most 200 characters")]
    [InlineData("""{"module":"example.com/lib","reason":"x"}""", "module, version and a reason")]
    [InlineData("""{"module":"example.com/lib","version":"main","reason":"x"}""", "is not a canonical version")]
    [InlineData("nothing", "must be JSON")]
    public async Task Forget_OverHttpWithAWrongBody_Is400AndSaysWhy(string body, string told)
    {
        using var content = new StringContent(body);
        using var answer = await _system.SendAsync("tokyo", HttpMethod.Post, "/-/admin/v1/modules/forget", RegionsSystem.Operator, content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(told, await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private async Task HaveEverywhereAsync()
    {
        foreach (var region in RegionsSystem.Names)
        {
            using var answer = await _system.GetAsync(region, Zip);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.NotNull(RecordOf(region));
        }
    }

    private async Task EverywhereAsync(HttpStatusCode status, string told)
    {
        foreach (var region in RegionsSystem.Names)
        {
            await Waiting.UntilAsync(() => _system.Services(region).GetRequiredService<RulingBook>().Current.Count == (status == HttpStatusCode.OK ? 0 : 1), "it has been heard of");
            using var answer = await _system.GetAsync(region, Zip);
            Assert.Equal(status, answer.StatusCode);
            if (told.Length > 0)
                Assert.Contains(told, await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
    }

    private Task<CommandLineCall> RunAsync(string verb, string option, string value, string more = "", string another = "", string token = RegionsSystem.Operator)
    {
        File.WriteAllText(_scratch["token"], token);
        return CommandLineCall.RunAsync(
            [
                "module", verb, Sample.Module.ToString(), option, value, .. new[] { more, another }.Where(static word => word.Length > 0),
                "--url", _system.Url("frankfurt"), "--token-file", _scratch["token"],
            ]);
    }

    private ModuleRecord? RecordOf(string region) => _system.Services(region).GetRequiredService<DiskStore>().FindRecordOrNull(Sample.Module);

    private int Fetches() => _system.World.Upstream.Requests.GetValueOrDefault(Zip.TrimStart('/'));

    private Task<CommandLineCall> ForgetAsync(string token = RegionsSystem.Operator)
    {
        File.WriteAllText(_scratch["token"], token);
        return CommandLineCall.RunAsync(
            "module", "forget", Sample.Module.ToString(), "--reason", "a moved tag", "--url", _system.Url("frankfurt"), "--token-file", _scratch["token"]);
    }

    private async Task<JsonElement> PostAsync(string module, string version, string reason)
    {
        using var content = JsonContent.Create(new { module, version, reason });
        using var answer = await _system.SendAsync("frankfurt", HttpMethod.Post, "/-/admin/v1/modules/forget", RegionsSystem.Operator, content);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    private static Task SayAsync(HttpContext context, int status, string word)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(word + "\n", Cancel);
    }
}
