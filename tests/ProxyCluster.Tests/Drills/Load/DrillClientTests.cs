using ProxyCluster.Demo;
using ProxyCluster.Drills.Load;

namespace ProxyCluster.Tests.Drills.Load;

public sealed class DrillClientTests : IDisposable
{
    private static readonly byte[] Right = [1, 2, 3];
    private static readonly DrillObject Asked = DrillObject.WithBytes("example.com/a/@v/v1.0.0.zip", Right);

    private readonly HttpClient _http = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Ask_FirstDoorFails_TheSecondIsTried()
    {
        await using var bad = await ServeAsync(503, "store-unavailable", []);
        await using var good = await ServeAsync(200, null, Right);

        Assert.Equal((Ending.Ok, null, 2), await Client(bad.Url, good.Url).AskAsync(Asked, Cancel));
    }

    [Fact]
    public async Task Ask_NobodyListensAtTheFirstDoor_TheSecondIsTried()
    {
        await using var good = await ServeAsync(200, null, Right);

        Assert.Equal((Ending.Ok, null, 2), await Client("http://127.0.0.1:1", good.Url).AskAsync(Asked, Cancel));
    }

    [Fact]
    public async Task Ask_WrongBytes_AreNeverTriedAway()
    {
        await using var liar = await ServeAsync(200, null, [1, 2, 4]);
        await using var good = await ServeAsync(200, null, Right);

        Assert.Equal((Ending.Wrong, "wrong bytes", 1), await Client(liar.Url, good.Url).AskAsync(Asked, Cancel));
    }

    [Theory]
    [InlineData(502, "upstream-unavailable", true)]
    [InlineData(404, "not-found", false)]
    [InlineData(403, "blocked", false)]
    public async Task Ask_Refused_TheCauseSaysWhetherItIsAnHonestOutage(int status, string cause, bool isHonest)
    {
        await using var door = await ServeAsync(status, cause, []);

        var (ending, why, doors) = await Client(door.Url).AskAsync(Asked, Cancel);

        Assert.Equal((Ending.Failed, $"{status} {cause}", 1), (ending, why, doors));
        Assert.Equal(isHonest, DrillClient.IsHonestOutage(why));
    }

    private DrillClient Client(params string[] doors) =>
        new("tokyo", [.. doors.Select(static door => new Uri(door))], _http, TimeSpan.FromSeconds(30), TimeProvider.System);

    private static Task<LoopbackServer> ServeAsync(int status, string? cause, byte[] body) => LoopbackServer.StartAsync(
        async (context, _) =>
        {
            context.Response.StatusCode = status;
            if (cause is not null)
                context.Response.Headers["X-ProxyCluster-Cause"] = cause;
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        },
        Cancel);
}
