using ProxyCluster.GoModules.Protocol;
using ProxyCluster.TestKit.Repositories;

namespace ProxyCluster.Tests.Repositories;

/// <summary>What of modules is a repository's, and so one silo's.</summary>
public sealed class RegionModulesTests : IDisposable
{
    private readonly DirectWorld _world = new(pages: new ScriptedPages(static path => path switch
    {
        "vanity.test/lib" or "vanity.test/lib/sub" => Page("vanity.test/lib git https://git.test/lib"),
        "vanity.test/other" => Page("vanity.test/other git ssh://git.test/lib"),
        "vanity.test/served" => Page("vanity.test/served mod https://proxy.test/"),
        _ => null,
    }));

    [Theory]
    [InlineData("vanity.test/lib/@v/list", "inside git git.test/lib")]
    [InlineData("vanity.test/lib/sub/@v/v1.0.0.zip", "inside git git.test/lib")]
    [InlineData("vanity.test/other/@v/main.info", "inside git git.test/lib")]
    [InlineData("git.test/lib.git/sub/@latest", "outside git git.test/lib")]
    [InlineData("github.com/!t/lib/v2/@v/v2.0.0.info", "outside git github.com/T/lib")]
    public async Task Modules_OfOneRepository_AreAskedOfOneSilo(string path, string repository)
    {
        _world.Others.AreShared = true;
        await AskAsync(path);
        Assert.Equal([repository], _world.Others.Asked);
    }

    [Theory]
    [InlineData("vanity.test/served/@v/list")] // by a module proxy
    [InlineData("vanity.test/nowhere/@v/list")]
    public async Task Modules_WithoutARepository_AreAskedOfNoOtherSilo(string path)
    {
        _world.Others.AreShared = true;
        await AskAsync(path);
        Assert.Empty(_world.Others.Asked);
    }

    [Fact]
    public async Task Modules_WhereNobodyElseHasMirrors_AreAskedHere()
    {
        new ScriptedRepository("github.com/t/lib").Commit(("go.mod", "module github.com/t/lib\n")).Tag("v1.0.0").Make(_world.Repositories);
        Assert.True(await AskAsync("github.com/t/lib/@v/v1.0.0.zip"));
        Assert.Empty(_world.Others.Asked);
    }

    public void Dispose() => _world.Dispose();

    private static string Page(string import) => $"<meta name=\"go-import\" content=\"{import}\">";

    private async Task<bool> AskAsync(string path)
    {
        var outcome = await _world.Region.AskAsync(ProxyPath.Parse(path), TestContext.Current.CancellationToken);
        var isThere = outcome.TryGet(out var answer, out _);
        answer?.Dispose();
        return isThere;
    }
}
