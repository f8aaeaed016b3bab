using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using ProxyCluster.Demo;
using ProxyCluster.Failover;
using ProxyCluster.Routing;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Failover;

/// <summary>Webhooks over real HTTP, and the command as a real process.</summary>
public sealed class EventReceiverTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ScratchDirectory _scratch = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Webhook_Json_IsTheEventWithAValidSignature()
    {
        await File.WriteAllTextAsync(_scratch["secret"], "  a secret of the farm\n", Cancel);
        Received? seen = null;
        await using var server = await ListenAsync(HttpStatusCode.NoContent, received => seen = received);
        using var webhook = Webhook(server.Url, WebhookFormat.Json, _scratch["secret"]);

        Assert.Null(await webhook.TellAsync(EventOf(7), Cancel));

        Assert.NotNull(seen);
        using var body = JsonDocument.Parse(seen.Body);
        Assert.Equal((1, "farm"), (body.RootElement.GetProperty("version").GetInt32(), body.RootElement.GetProperty("cluster").GetString()));
        var change = body.RootElement.GetProperty("event");
        Assert.Equal((7, "tokyo", "State", "Suspect", "Failed"), (
            change.GetProperty("id").GetInt32(),
            change.GetProperty("region").GetString(),
            change.GetProperty("kind").GetString(),
            change.GetProperty("from").GetString(),
            change.GetProperty("to").GetString()));
        Assert.Equal("7", seen.Headers["X-ProxyCluster-Event"].ToString());
        Assert.Equal("application/json", seen.Headers.ContentType.ToString());

        // As a receiver would check it, from what is documented.
        var timestamp = seen.Headers["X-ProxyCluster-Timestamp"].ToString();
        var mac = HMACSHA256.HashData("a secret of the farm"u8, Encoding.UTF8.GetBytes($"v1.{timestamp}.{seen.Body}"));
        Assert.Equal("v1=" + Convert.ToHexStringLower(mac), seen.Headers["X-ProxyCluster-Signature"].ToString());
        Assert.InRange(long.Parse(timestamp, CultureInfo.InvariantCulture), DateTimeOffset.UnixEpoch.AddYears(50).ToUnixTimeSeconds(), long.MaxValue);
    }

    [Fact]
    public async Task Webhook_Slack_SaysWhomItHitsAndWhatTakesItBackAndIsUnsignedWithoutASecret()
    {
        Received? seen = null;
        await using var server = await ListenAsync(HttpStatusCode.OK, received => seen = received);
        using var webhook = Webhook(server.Url, WebhookFormat.Slack);

        Assert.Null(await webhook.TellAsync(EventOf(7) with { Reason = "<a> & b", Modules = ["example.com/a", "example.com/b"] }, Cancel));

        using var body = JsonDocument.Parse(seen!.Body);
        Assert.Equal(
            "[farm] tokyo went from suspect to failed: &lt;a&gt; &amp; b (decided by sanjose-1)\nHit most: example.com/a, example.com/b\n"
            + "To take it back: `proxycluster region recover tokyo --reason 'looked at' --url http://10.0.0.5:8080 --token-file FILE`",
            body.RootElement.GetProperty("text").GetString());
        Assert.False(seen.Headers.ContainsKey("X-ProxyCluster-Signature"));
    }

    [Fact]
    public async Task Webhook_AddressInAFile_IsReadForEveryTryAndNeverNamed()
    {
        Received? seen = null;
        await using var server = await ListenAsync(HttpStatusCode.OK, received => seen = received);
        await File.WriteAllTextAsync(_scratch["address"], "http://127.0.0.1:1/services/hush", Cancel);
        using var webhook = new WebhookReceiver(
            1, new WebhookOptions { UrlFile = _scratch["address"], Format = WebhookFormat.Slack }, Limit, "farm", Member, TimeProvider.System);

        var why = await webhook.TellAsync(EventOf(7), Cancel);
        Assert.NotNull(why);
        Assert.DoesNotContain("hush", why + webhook.Name, StringComparison.Ordinal);

        await File.WriteAllTextAsync(_scratch["address"], "nonsense hush", Cancel);
        Assert.Equal($"{_scratch["address"]} holds no address of http or https", await webhook.TellAsync(EventOf(7), Cancel));

        await File.WriteAllTextAsync(_scratch["address"], server.Url + "/services/hush\n", Cancel);
        Assert.Null(await webhook.TellAsync(EventOf(7), Cancel));
        Assert.NotNull(seen);
    }

    [Theory]
    [InlineData(RoutingEventKind.State, RegionState.Failed, "proxycluster region recover tokyo --reason 'looked at' --url http://10.0.0.5:8080 --token-file FILE")]
    [InlineData(RoutingEventKind.State, RegionState.Drained, "proxycluster region undrain tokyo --reason 'looked at' --url http://10.0.0.5:8080 --token-file FILE")]
    [InlineData(RoutingEventKind.State, RegionState.Recovering, null)]
    [InlineData(RoutingEventKind.Alert, RegionState.Failed, null)]
    public void Undo_OfAnEvent_IsTheCommandThatTakesItBack(RoutingEventKind kind, RegionState to, string? expected) =>
        Assert.Equal(expected, EventWords.UndoOrNull(EventOf(7) with { Kind = kind, To = to }, new Uri("http://10.0.0.5:8080/x")));

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.Redirect)]
    public async Task Webhook_RefusesTheEvent_IsAFailureThatNamesTheStatus(HttpStatusCode status)
    {
        await using var server = await ListenAsync(status, static _ => { });
        using var webhook = Webhook(server.Url, WebhookFormat.Json);

        Assert.Equal($"it answered {(int)status}", await webhook.TellAsync(EventOf(7), Cancel));
    }

    [Fact]
    public async Task Webhook_NeverAnswers_IsAFailureAfterItsTime()
    {
        var end = new TaskCompletionSource();
        await using var server = await LoopbackServer.StartAsync((context, _) => end.Task.WaitAsync(context.RequestAborted), Cancel);
        using var webhook = Webhook(server.Url, WebhookFormat.Json, limit: TimeSpan.FromMilliseconds(200));

        Assert.Equal("it did not answer in time", await webhook.TellAsync(EventOf(7), Cancel).WaitAsync(Limit, Cancel));
        end.SetResult();
    }

    [Fact]
    public async Task Webhook_NobodyListens_IsAFailure()
    {
        using var webhook = Webhook("http://127.0.0.1:1", WebhookFormat.Json);

        Assert.NotNull(await webhook.TellAsync(EventOf(7), Cancel));
    }

    [Fact]
    public async Task Command_GetsTheEventInItsEnvironmentAndNoneOfOurs()
    {
        var output = _scratch["out"];
        Environment.SetEnvironmentVariable("PROXYCLUSTER_TEST_SECRET", "hush");
        Environment.SetEnvironmentVariable("UPSTREAM_TOKEN_EVENTS_TEST", "hush");
        var command = Command(Script($"env | grep -E '^(PROXYCLUSTER|UPSTREAM)_' | sort > {output}"));

        Assert.Null(await command.TellAsync(EventOf(7), Cancel));

        Environment.SetEnvironmentVariable("PROXYCLUSTER_TEST_SECRET", null);
        Environment.SetEnvironmentVariable("UPSTREAM_TOKEN_EVENTS_TEST", null);
        var lines = await File.ReadAllLinesAsync(output, Cancel);
        Assert.All(lines, static line => Assert.StartsWith("PROXYCLUSTER_EVENT_", line, StringComparison.Ordinal));
        foreach (var expected in new[] { "ID=7", "REGION=tokyo", "FROM=suspect", "TO=failed", "REASON=a test", "WHO=sanjose-1", "CLUSTER=farm", "KIND=State", "MODULES=", "UNDO=proxycluster region recover tokyo --reason 'looked at' --url http://10.0.0.5:8080 --token-file FILE" })
            Assert.Contains("PROXYCLUSTER_EVENT_" + expected, lines);
    }

    [Fact]
    public async Task Command_ArgumentsWithSpacesAndQuotes_ArriveAsTheyAre()
    {
        var output = _scratch["out"];
        var command = Command(Script($"printf '%s|' \"$@\" > {output}"), "a b", "it's", "$HOME");

        Assert.Null(await command.TellAsync(EventOf(7), Cancel));

        Assert.Equal("a b|it's|$HOME|", await File.ReadAllTextAsync(output, Cancel));
    }

    [Fact]
    public async Task Command_ExitStatus_IsAFailureThatNamesIt() =>
        Assert.Equal("its exit status was 3", await Command(Script("exit 3")).TellAsync(EventOf(7), Cancel));

    [Fact]
    public async Task Command_PrintsMoreThanAPipeHolds_IsNotHeldUp() =>
        Assert.Null(await Command(Script("head -c 1000000 /dev/zero")).TellAsync(EventOf(7), Cancel).WaitAsync(Limit, Cancel));

    [Fact]
    public async Task Command_RunsForTooLong_IsKilledWithItsChildren()
    {
        var pid = _scratch["pid"];
        var command = Command(TimeSpan.FromMilliseconds(500), Script($"sleep 600 & echo $! > {pid}; wait"));

        Assert.Equal("it ran for more than 0.5 s and was killed", await command.TellAsync(EventOf(7), Cancel).WaitAsync(Limit, Cancel));

        if (File.Exists(pid) && int.TryParse(await File.ReadAllTextAsync(pid, Cancel), out var child))
            await Waiting.UntilAsync(() => !IsRunning(child), "the child is gone");
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(3, "its exit status was 3")]
    public async Task Command_LeavesADaemonThatKeepsItsPipes_CountsByItsOwnExitStatus(int status, string? why)
    {
        var pid = _scratch["pid"];
        var script = Script($"sleep 300 & echo $! > '{pid}'\nexit {status}");
        try
        {
            Assert.Equal(why, await Command(TimeSpan.FromSeconds(20), script).TellAsync(EventOf(7), Cancel));
            Assert.True(IsRunning(int.Parse(File.ReadAllText(pid), CultureInfo.InvariantCulture)));
        }
        finally
        {
            using var daemon = Process.GetProcessById(int.Parse(File.ReadAllText(pid), CultureInfo.InvariantCulture));
            daemon.Kill();
        }
    }

    [Fact]
    public async Task Command_DoesNotExist_IsAFailure() =>
        Assert.Contains("could not be started", await new CommandReceiver([_scratch["nothing"]], Limit, "farm", Member, TimeProvider.System).TellAsync(EventOf(7), Cancel), StringComparison.Ordinal);

    internal static RoutingEvent EventOf(long id) => new(
        id, id + 100, DateTimeOffset.UnixEpoch, RoutingEventKind.State, "tokyo", RegionState.Suspect, RegionState.Failed, 100, "a test", "sanjose-1");

    private static bool IsRunning(int pid)
    {
        try
        {
            // A zombie that nobody waits for is as dead as can be.
            return !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private string Script(string body)
    {
        var path = _scratch["hook.sh"];
        File.WriteAllText(path, body + "\n");
        return path;
    }

    private static CommandReceiver Command(params string[] command) => Command(Limit, command);

    private static CommandReceiver Command(TimeSpan limit, params string[] command) => new(["sh", .. command], limit, "farm", Member, TimeProvider.System);

    private static Uri Member() => new("http://10.0.0.5:8080");

    private static WebhookReceiver Webhook(string url, WebhookFormat format, string secretFile = "", TimeSpan? limit = null) => new(
        1, new WebhookOptions { Url = new Uri(url + "/hook"), Format = format, SecretFile = secretFile }, limit ?? Limit, "farm", Member, TimeProvider.System);

    private static Task<LoopbackServer> ListenAsync(HttpStatusCode status, Action<Received> received) => LoopbackServer.StartAsync(
        async (context, _) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            received(new Received(new HeaderDictionary(new Dictionary<string, StringValues>(context.Request.Headers)), await reader.ReadToEndAsync(context.RequestAborted)));
            context.Response.StatusCode = (int)status;
        },
        Cancel);

    private sealed record Received(IHeaderDictionary Headers, string Body);
}
