using System.Text.Json;
using ProxyCluster.Admin;
using ProxyCluster.Failover;
using ProxyCluster.Http;
using ProxyCluster.Routing;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Cli.Operators;

/// <summary>What a server says is shown in an operator's terminal, and must not steer it.</summary>
public sealed class HostileAnswersTests : IAsyncLifetime
{
    // Clears the screen; a line of its own; writes from right to left.
    private const string Hostile = "boo\u001b[2J\u009b2J\nfoo\u202eoof";
    private const string Shown = "boo\\u001b[2J\\u009b2J\\u000afoo\\u202eoof";

    private readonly UpstreamServer _server = UpstreamServer.Start();
    private readonly ScratchDirectory _scratch = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Status_WithNamesThatSteerATerminal_ShowsThemAsText()
    {
        var region = new ClusterRegion(
            Hostile, RegionState.Suspect, default, Hostile, 100, Hostile, new OperatorIntent(IntentKind.Drain, Hostile, Hostile, default), 0, 0, new TrafficHealth(), [], []);
        Say("status", JsonSerializer.Serialize(
            new ClusterStatus(default, "", true, Hostile, 1, 1, new EngineHealth(Hostile, false, Hostile), [region]), FailoverJson.Default.ClusterStatus));

        AssertTame(await RunAsync("status"), status: 0);
        AssertTame(await RunAsync("status", "--json"), status: 0);
    }

    [Fact]
    public async Task Events_WithReasonsThatSteerATerminal_ShowsThemAsText()
    {
        var change = new RoutingEvent(1, 1, DateTimeOffset.UnixEpoch, RoutingEventKind.State, Hostile, default, default, 0, Hostile, Hostile);
        Say("events", JsonSerializer.Serialize(new EventPage(1, 1, true, [change]), FailoverJson.Default.EventPage));

        var call = await RunAsync("events", "--since", "0");

        AssertTame(call, status: 0);
        Assert.Equal($"    1  1970-01-01 00:00:00  {Shown} active -> active: {Shown} ({Shown})\n", call.Out);
    }

    [Fact]
    public async Task Forget_WithAnAnswerThatSteersATerminal_ShowsItAsText()
    {
        Say("modules/forget", JsonSerializer.Serialize(
            new ForgetAnswer(Hostile, false, [new ForgetResult(Hostile, Hostile, Hostile, Hostile)]), ForgetJson.Default.ForgetAnswer));

        AssertTame(await RunAsync("module", "forget", "example.com/lib@v1.0.0", "--reason", "x"), status: 1);
    }

    [Fact]
    public async Task Clients_WithNamesThatSteerATerminal_ShowsThemAsText()
    {
        var line = new ClientLine(Hostile, 1, 1, 1);
        var window = new ClientsOfWindow(1, line, line, [line], [line], [line]);
        Say("clients", JsonSerializer.Serialize(new ClientsAnswer(default, Hostile, window, window), ClientsJson.Default.ClientsAnswer));

        AssertTame(await RunAsync("clients"), status: 0);
        AssertTame(await RunAsync("clients", "--json"), status: 0);
    }

    [Theory]
    [InlineData("{\"error\":\"boo\\u001b[2J\\u009b2J\\nfoo\\u202eoof\"}")]
    [InlineData(Hostile)]
    public async Task Refusal_ThatSteersATerminal_IsShownAsText(string body)
    {
        Say("status", body, status: 403);

        AssertTame(await RunAsync("status"), status: 1);
    }

    private void Say(string path, string body, int status = 200)
    {
        _server.Put(AdminEndpoints.Prefix + path, body);
        if (status != 200)
            _server.Faults.Always(AdminEndpoints.Prefix + path, Fault.Status(status, body));
    }

    private static void AssertTame(CommandLineCall call, int status)
    {
        Assert.Equal(status, call.Status);
        var all = call.Out + call.Error;
        Assert.Contains("boo", all, StringComparison.Ordinal);
        Assert.DoesNotContain(all, static c => c is '\u001b' or '\u009b' or '\u202e');
        Assert.DoesNotContain("\nfoo", all, StringComparison.Ordinal);
    }

    private Task<CommandLineCall> RunAsync(params string[] args)
    {
        File.WriteAllText(_scratch["token"], "token");
        return CommandLineCall.RunAsync([.. args, "--url", _server.Url, "--token-file", _scratch["token"]]);
    }
}
