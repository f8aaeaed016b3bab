namespace ProxyCluster.Tests.Silo;

/// <summary>The page at the root, which clients and browsers try first, wherever the root is.</summary>
public sealed class BasePathTests
{
    [Theory]
    [InlineData("", "/")]
    [InlineData("/go/proxy", "/")]
    [InlineData("/go/proxy", "/go/proxy")]
    [InlineData("/go/proxy", "/go/proxy/")]
    [InlineData("/go/proxy", "/go/proxy/?x=1")]
    public async Task Root_HeadAndGet_IsAnswered(string basePath, string target)
    {
        await using var silo = await TestSilo.StartAsync(("Http:BasePath", basePath));
        var head = await silo.AskAsync("HEAD", target);
        var get = await silo.GetAsync(target);
        Assert.Equal((200, 200, ""), (head.Status, get.Status, head.Text));
        Assert.Equal(head["Content-Length"], get["Content-Length"]);
        Assert.Contains($"GOPROXY=http://THIS-ADDRESS{basePath} ", get.Text, StringComparison.Ordinal);
    }
}
