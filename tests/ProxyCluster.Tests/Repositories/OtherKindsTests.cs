using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit.Repositories;

namespace ProxyCluster.Tests.Repositories;

/// <summary>Modules in Mercurial and Subversion: what go finds there, we find.</summary>
[Trait("Needs", OtherKinds.Need)]
public sealed class OtherKindsTests(OtherKinds kinds) : IClassFixture<OtherKinds>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Modules_OverTheNetwork_AreWhatGoFinds()
    {
        using var world = OtherKinds.NewWorld(kinds.MercurialUrl, kinds.SubversionUrl);
        AssertNone(await new DirectConformance(kinds.Go, new RoomAnswers(world.Modules), atOnce: 3).CompareAsync());
    }

    [Fact]
    public async Task Modules_OnThisDisk_AreWhatGoFinds()
    {
        using var world = OtherKinds.NewWorld("file://" + kinds.MercurialDirectory, "file://" + kinds.SubversionDirectory);
        AssertNone(await new DirectConformance(kinds.Go, new RoomAnswers(world.Modules), atOnce: 3).CompareAsync());
    }

    // Go gives it a version of the beginning of time, which nobody can download.
    [Fact]
    public async Task Repository_WithNothingInIt_HasNoVersion()
    {
        _ = new ScriptedMercurial(kinds.MercurialDirectory + "empty");
        using var world = OtherKinds.NewWorld("file://" + kinds.MercurialDirectory, "file://" + kinds.SubversionDirectory);

        Assert.Equal(FailureKind.NotFound, (await world.Modules.LatestAsync(ModulePath.Parse("vanity.test/hg/empty"), Cancellation)).Failure?.Kind);
    }

    [Theory]
    [InlineData("hg")]
    [InlineData("svn")]
    public async Task Program_ThatIsNotInstalled_IsNamed(string kind)
    {
        using var world = OtherKinds.NewWorld(kinds.MercurialUrl, kinds.SubversionUrl, static options => (options.Hg, options.Svn) = ("no-such-hg", "no-such-svn"));

        var failure = (await world.Modules.LatestAsync(ModulePath.Parse($"vanity.test/{kind}/tags"), Cancellation)).Failure;

        Assert.Equal(FailureKind.NotSupported, failure?.Kind);
        Assert.Contains($"the program no-such-{kind} is not installed here", failure!.Message, StringComparison.Ordinal);
    }

    private static void AssertNone(IReadOnlyList<string> differences) => Assert.True(differences.Count == 0, $"{differences.Count} differ:\n{string.Join('\n', differences)}");
}
