using ProxyCluster.GoModules.Builds;

namespace ProxyCluster.GoModules.Tests.Builds;

public sealed class ModuleGraphTests
{
    private const string Graph =
        """
        example.com/main go@1.24
        example.com/main example.com/a@v1.0.0
        example.com/main example.com/b@v1.9.0
        example.com/a@v1.0.0 example.com/b@v1.10.0
        example.com/a@v1.0.0 toolchain@go1.24.1
        example.com/b@v1.9.0 example.com/old@v1.0.0
        example.com/b@v1.10.0 example.com/a@v0.9.0
        example.com/a@v0.9.0 example.com/old@v1.1.0
        go@1.24 toolchain@go1.24
        """;

    [Fact]
    public void Read_OfAGraph_SelectsTheHighestOfEach()
    {
        var graph = ModuleGraph.ReadOrNull(Graph)!;
        Assert.Equal(["example.com/main"], graph.Mains);
        Assert.Equal(["example.com/a@v1.0.0", "example.com/b@v1.10.0", "example.com/old@v1.1.0"], graph.Modules.Select(static module => module.Name));
    }

    [Fact]
    public void Requirements_AreThoseOfSelectedVersions()
    {
        var graph = ModuleGraph.ReadOrNull(Graph)!;
        Assert.Equal(["example.com/a", "example.com/b"], graph.Requirements["example.com/main"]);
        Assert.Equal(["example.com/b"], graph.Requirements["example.com/a"]);
        Assert.Equal(["example.com/a"], graph.Requirements["example.com/b"]); // a circle, as modules have them
        Assert.False(graph.Requirements.ContainsKey("example.com/old"));
    }

    [Fact]
    public void Read_OfAMainModuleThatSomebodyRequires_KeepsItsOwn() =>
        Assert.DoesNotContain(ModuleGraph.ReadOrNull("m a@v1.0.0\na@v1.0.0 m@v1.5.0\n")!.Modules, static module => module.Path == "m");

    [Theory]
    [InlineData("")]
    [InlineData("example.com/a v1.0.0 h1:x=\n")]
    [InlineData("example.com/main example.com/a\n")]
    [InlineData("module example.com/main\n")]
    public void Read_OfWhatIsNone_IsNull(string text) => Assert.Null(ModuleGraph.ReadOrNull(text));
}
