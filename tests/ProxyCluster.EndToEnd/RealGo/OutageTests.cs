namespace ProxyCluster.EndToEnd.RealGo;

/// <summary>What was built once can be built again when everything behind the proxy is gone.</summary>
[Collection(ProgramBuildCollection.Name)]
[Trait("Needs", "corpus")]
public sealed class OutageTests(ProgramBuild build)
{
    [Fact]
    public async Task Build_WithUpstreamAndDatabaseStopped_SucceedsBeforeAndAfterARestart()
    {
        using (var warm = build.ThroughProxyAgain())
            await warm.DownloadAsync();
        build.System.Upstream.StopListening();
        await build.System.Database.StopAsync();
        try
        {
            await BuildAnewAsync();
            await build.System.RestartProxyAsync();
            await BuildAnewAsync();
        }
        finally
        {
            build.System.Upstream.Listen();
            await build.System.Database.RestartAsync();
        }
    }

    private async Task BuildAnewAsync()
    {
        using var workspace = build.ThroughProxyAgain();
        var program = await ProgramBuild.BuildAsync(workspace);

        Assert.Contains(ProgramBuild.ProgramSays, await ProgramBuild.RunAsync(program), StringComparison.Ordinal);
        Assert.Equal("all modules verified\n", await workspace.GoAsync("mod", "verify"));
        Assert.Subset(
            (await File.ReadAllLinesAsync(Path.Combine(build.Workspace.Main, "go.sum"), TestContext.Current.CancellationToken)).ToHashSet(),
            (await File.ReadAllLinesAsync(Path.Combine(workspace.Main, "go.sum"), TestContext.Current.CancellationToken)).ToHashSet());
    }
}
