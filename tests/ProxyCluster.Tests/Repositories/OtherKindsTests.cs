using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Repositories;
using ProxyCluster.Tests.Lines;

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

    // By a path that says what it is, over TLS, past the only way out that hg is given.
    [Fact]
    public async Task Repository_OverHttps_IsAskedByTheProxy()
    {
        using var certificates = new TestCertificates();
        using var scratch = new ScratchDirectory();
        await using var server = await kinds.ServeMercurialAsync(certificates);
        await using var proxy = await ProxyProcess.StartAsync(new(scratch["data"], "direct", "off")
        {
            NoChecksumDatabase = "hg.test",
            MoreArguments = ["--engine", "local", "--set", $"Direct:Rewrites:0=https://hg.test/=https://localhost:{server.Port}/"],
            Environment = new Dictionary<string, string> { ["SSL_CERT_FILE"] = certificates.CaFile },
        });

        using var answer = await proxy.Http.GetAsync(new Uri("hg.test/tags.hg/@v/list", UriKind.Relative), Cancellation);

        Assert.Equal("v1.0.0\nv1.1.0-rc.1\n", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    private static void AssertNone(IReadOnlyList<string> differences) => Assert.True(differences.Count == 0, $"{differences.Count} differ:\n{string.Join('\n', differences)}");
}
