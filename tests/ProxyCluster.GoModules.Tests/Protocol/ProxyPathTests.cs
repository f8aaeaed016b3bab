using ProxyCluster.GoModules.Protocol;

namespace ProxyCluster.GoModules.Tests.Protocol;

public class ProxyPathTests
{
    [Theory]
    [InlineData("github.com/gorilla/mux/@v/v1.8.0.info", "github.com/gorilla/mux@v1.8.0", "Info")]
    [InlineData("github.com/gorilla/mux/@v/v1.8.0.mod", "github.com/gorilla/mux@v1.8.0", "Mod")]
    [InlineData("github.com/gorilla/mux/@v/v1.8.0.zip", "github.com/gorilla/mux@v1.8.0", "Zip")]
    [InlineData("github.com/!azure/x/@v/v1.0.0-!r!c1.zip", "github.com/Azure/x@v1.0.0-RC1", "Zip")]
    [InlineData("example.com/a/@v/v2.0.0+incompatible.mod", "example.com/a@v2.0.0+incompatible", "Mod")]
    [InlineData("example.com/a/v2/@v/v2.1.0.info", "example.com/a/v2@v2.1.0", "Info")]
    [InlineData("example.com/a/@v/v1.0.0-a.info.zip", "example.com/a@v1.0.0-a.info", "Zip")]
    public void Parse_ArtifactOfAModuleVersion_IsThatArtifact(string path, string module, string kind)
    {
        var request = ProxyPath.Parse(path);
        Assert.Equal(Asked.Artifact, request.Asked);
        Assert.Equal(module, request.Module.ToString());
        Assert.Equal(kind, request.Kind.ToString());
        Assert.Equal(path, ProxyPath.Of(request.Module, request.Kind));
        Assert.Equal(request, ProxyPath.ToArtifact(request.Module, request.Kind));
        Assert.Empty(request.Text);
    }

    [Theory]
    [InlineData("example.com/a/@v/list", "List", "")]
    [InlineData("example.com/a/@latest", "Latest", "")]
    [InlineData("example.com/a/@v/main.info", "Revision", "main")]
    [InlineData("example.com/a/@v/0123456789ab.info", "Revision", "0123456789ab")]
    [InlineData("example.com/a/@v/1.5.2.info", "Revision", "1.5.2")]
    [InlineData("example.com/a/@v/v2.0.0.info", "Revision", "v2.0.0")] // upstream may answer v2.0.0+incompatible
    public void Parse_MutableQuestion_IsAQuery(string path, string kind, string revision)
    {
        var request = ProxyPath.Parse(path);
        Assert.Equal(Asked.Query, request.Asked);
        Assert.Equal(kind, request.Query.Kind.ToString());
        Assert.Equal(revision, request.Query.Revision);
        Assert.Equal(path, request.Query.Key);
    }

    [Theory]
    [InlineData("example.com/a/@v/v1.info")]
    [InlineData("example.com/a/@v/v1.2.info")]
    public void Parse_VersionPrefix_IsRecognised(string path) =>
        Assert.Equal(Asked.VersionPrefix, ProxyPath.Parse(path).Asked);

    [Theory]
    [InlineData("example.com/a/@v/latest.info")]
    [InlineData("example.com/a/@v/upgrade.info")]
    [InlineData("example.com/a/@v/patch.info")]
    [InlineData("example.com/a/@v/main.mod")]
    [InlineData("example.com/a/@v/v2.0.0.zip")]
    [InlineData("example.com/a/@v/v1.0.0.tar")]
    [InlineData("example.com/a/@v/")]
    [InlineData("example.com/a/@v/.info")]
    [InlineData("example.com/A/@v/list")]
    [InlineData("nodot/a/@v/list")]
    [InlineData("example.com/con/@v/list")]
    [InlineData("example.com/a")]
    [InlineData("@v/list")]
    [InlineData("/@v/list")]
    [InlineData("/@latest")]
    [InlineData("")]
    public void Parse_AnythingElse_IsNothingWithASentence(string path)
    {
        var request = ProxyPath.Parse(path);
        Assert.Equal(Asked.Nothing, request.Asked);
        Assert.NotEmpty(request.Text);
    }

    [Fact]
    public void Parse_PathBelowSumdb_IsForTheChecksumDatabase() =>
        Assert.Equal("sum.golang.org/latest", ProxyPath.Parse("sumdb/sum.golang.org/latest").Text);
}
