using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Audit;
using ProxyCluster.Clustering;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Lines;

namespace ProxyCluster.Tests.Http;

/// <summary>Who writes down what goes through a front end: whoever answers, and nobody else.</summary>
public sealed class ForwardedAuditTests : IAsyncLifetime
{
    private readonly ScratchDirectory _logs = new();
    private PeerSite _site = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _site = await PeerSite.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        _logs.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hit_ThroughAFrontEnd_IsOneLineOfWhoeverAnswers(bool isRemembered)
    {
        var silo = await StartAsync(Role.Silo);
        var front = await StartAsync(Role.FrontEnd);
        await AskAsync(silo, "it is stored");
        if (isRemembered)
            await AskAsync(front, "it is remembered");

        await AskAsync(front, "it is asked");

        await Waiting.UntilAsync(() => Lines().Count > 0);
        foreach (var member in (WebApplication[])[silo, front])
            await Waiting.UntilAsync(() => member.Services.GetRequiredService<AuditLog>().Queue.Count == 0);
        var line = Assert.Single(Lines());
        Assert.Equal(("allow", "127.0.0.1", isRemembered ? "front-end" : "silo"), (line.Event, line.Address, IdOf(front) == line.Silo ? "front-end" : IdOf(silo) == line.Silo ? "silo" : line.Silo));
    }

    private Task<WebApplication> StartAsync(Role role) =>
        _site.AddAsync("tokyo", role, ("Audit:Downloads", "true"), ("Audit:GatherFor", "0s"), ("Audit:Directory", _logs[role.ToString()]));

    private async Task AskAsync(WebApplication member, string request)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, member.Urls.First() + _site.Zip);
        message.Headers.Add("X-Request-Id", request);
        using var answer = await _site.Client.SendAsync(message, Cancel);
        answer.EnsureSuccessStatusCode();
    }

    private List<AuditLine> Lines() => [.. ((Role[])[Role.Silo, Role.FrontEnd])
        .SelectMany(role => AuditReader.Read(_logs[role.ToString()], new AuditFilter(), new AuditAddresses(null)))
        .Where(static line => line.Request == "it is asked")];

    private static string IdOf(WebApplication member) => member.Services.GetRequiredService<ClusterSelf>().Member.Id;
}
