using ProxyCluster.GoModules.Advisories;

namespace ProxyCluster.GoModules.Tests.Advisories;

public sealed class GoReleaseTests
{
    [Theory]
    [InlineData("go1.22.3", "v1.22.3")]
    [InlineData("go1.18", "v1.18.0")]
    [InlineData("go1", "v1.0.0")]
    [InlineData("go1.21rc2", "v1.21.0-rc.2")]
    [InlineData("go1.22.1 X:nocoverageredesign", "v1.22.1")]
    [InlineData("v1.22.3", "v1.22.3")]
    [InlineData("1.22.3", "v1.22.3")]
    [InlineData("go1.2.3.4", null)]
    [InlineData("go1.22rc", null)]
    [InlineData("devel", null)]
    [InlineData("go", null)]
    public void Version_OfARelease_IsThatOfAdvisories(string release, string? version) => Assert.Equal(version, GoRelease.VersionOrNull(release));
}
