using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Tests.Names;

public sealed class PackageUrlTests
{
    [Theory]
    [InlineData("github.com/gorilla/mux", "v1.8.0", "pkg:golang/github.com/gorilla/mux@v1.8.0")]
    [InlineData("github.com/BurntSushi/toml", "v1.2.0", "pkg:golang/github.com/BurntSushi/toml@v1.2.0")]
    [InlineData("github.com/cpuguy83/go-md2man/v2", "v2.0.2", "pkg:golang/github.com/cpuguy83/go-md2man/v2@v2.0.2")]
    [InlineData("github.com/docker/docker", "v24.0.7+incompatible", "pkg:golang/github.com/docker/docker@v24.0.7%2Bincompatible")]
    [InlineData("gopkg.in/yaml.v3", "v3.0.1", "pkg:golang/gopkg.in/yaml.v3@v3.0.1")]
    [InlineData("git.sr.ht/~sircmpwn/getopt", "v1.0.0", "pkg:golang/git.sr.ht/~sircmpwn/getopt@v1.0.0")]
    [InlineData("example.com/m", null, "pkg:golang/example.com/m")]
    [InlineData("stdlib", "1.22.3", "pkg:golang/stdlib@1.22.3")]
    [InlineData("example.com/m", "v0.0.0-20240101000000-abcdefabcdef+dirty", "pkg:golang/example.com/m@v0.0.0-20240101000000-abcdefabcdef%2Bdirty")]
    public void Of_AModuleVersion_KeepsCaseAndEscapesPlus(string path, string? version, string url) => Assert.Equal(url, PackageUrl.Of(path, version));

    [Theory]
    [InlineData("example.com/m/cmd/a", "pkg:golang/example.com/m@v1.0.0#cmd/a")]
    [InlineData("example.com/m", "pkg:golang/example.com/m@v1.0.0")]
    [InlineData("command-line-arguments", "pkg:golang/example.com/m@v1.0.0")]
    public void Of_APackage_IsAPartOfItsModule(string package, string url) => Assert.Equal(url, PackageUrl.Of("example.com/m", "v1.0.0", package));
}
