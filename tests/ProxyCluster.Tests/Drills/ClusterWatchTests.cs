using Microsoft.AspNetCore.Http;
using ProxyCluster.Demo;
using ProxyCluster.Drills;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Drills;

public sealed class ClusterWatchTests : IDisposable
{
    private readonly HttpClient _http = new();
    private volatile string _tokyo = Report(1, "active 100 %");
    private volatile string _paris = Report(1, "active 100 %");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Watch_StatesThatChange_AreNotedOnceAndOnlyForward()
    {
        await using var tokyo = await ServeAsync(() => _tokyo);
        await using var paris = await ServeAsync(() => _paris);
        var watch = new ClusterWatch([Member("tokyo", tokyo.Url), Member("paris", paris.Url)], _http, TimeProvider.System);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var began = TimeProvider.System.GetTimestamp();
        var watching = watch.RunAsync(() => TimeProvider.System.GetElapsedTime(began), end.Token);
        await SeeAsync(watch, 1, 1);

        // Paris lags: what it still says of an older epoch is not a change back.
        _tokyo = Report(2, "failed 0 %");
        await SeeAsync(watch, 2, 1);
        _paris = Report(2, "failed 0 %");
        await SeeAsync(watch, 2, 2);
        await end.CancelAsync();
        await watching;

        Assert.Equal([("rome", "active 100 %"), ("rome", "failed 0 %")], watch.Changes.Select(static change => (change.Region, change.State)));
        Assert.True(watch.Changes.First().At < watch.Changes.Last().At);
    }

    [Fact]
    public async Task Watch_MemberThatDies_IsSilentAndNothingIsConcluded()
    {
        var tokyo = await ServeAsync(() => _tokyo);
        var watch = new ClusterWatch([Member("tokyo", tokyo.Url)], _http, TimeProvider.System);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var watching = watch.RunAsync(static () => TimeSpan.Zero, end.Token);
        await Waiting.UntilAsync(() => watch.Now is [{ Answers: true }], "it is seen");

        await tokyo.DisposeAsync();
        await Waiting.UntilAsync(() => watch.Now is [{ Answers: false, Region: "tokyo" }], "it is missed");
        await end.CancelAsync();
        await watching;

        Assert.Single(watch.Changes);
    }

    private static Task SeeAsync(ClusterWatch watch, long tokyo, long paris) => Waiting.UntilAsync(
        () => watch.Now.Any(seen => seen.Region == "tokyo" && seen.Epoch == tokyo) && watch.Now.Any(seen => seen.Region == "paris" && seen.Epoch == paris),
        $"epochs {tokyo} and {paris} are seen");

    private static DrillMember Member(string region, string url) => new(region, region, IsFrontEnd: true, new Uri(url));

    private static string Report(long epoch, string rome) => $"ready\nrouting: epoch {epoch}\nregion rome: {rome}\n";

    private static Task<LoopbackServer> ServeAsync(Func<string> report) => LoopbackServer.StartAsync(
        (context, _) => context.Response.WriteAsync(report(), context.RequestAborted), Cancel);
}
