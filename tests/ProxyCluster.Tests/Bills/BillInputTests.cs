using System.Text;
using ProxyCluster.Bills;
using ProxyCluster.GoModules.Builds;

namespace ProxyCluster.Tests.Bills;

public sealed class BillInputTests
{
    private const string Graph = "example.com/main example.com/a@v1.0.0\nexample.com/main go@1.24\nexample.com/a@v1.0.0 example.com/b@v1.2.0\n";
    private const string GoMod = "module example.com/main\n\nrequire example.com/a v1.0.0\nreplace example.com/b => example.com/fork v0.9.0\nreplace example.com/a v1.0.0 => ./a\n";
    private const string Sums = "example.com/a v1.0.0 h1:a=\nexample.com/a v1.0.0/go.mod h1:am=\nexample.com/fork v0.9.0 h1:f=\nexample.com/old v0.1.0/go.mod h1:o=\n";
    private const string Listing = "app: go1.27.3\n\tpath\texample.com/main\n\tmod\texample.com/main\t(devel)\n\tdep\texample.com/a\tv1.0.0\th1:a=\n";

    private readonly BillInput _input = new();

    [Fact]
    public void Modules_OfAGraph_AreReplacedAndHashedByTheOtherFiles()
    {
        Add(Sums, Graph, GoMod);

        Assert.Equal(
            [
                ("example.com/a", new BuildModule("example.com/a", "v1.0.0") { Directory = "./a" }),
                ("example.com/b", new BuildModule("example.com/fork", "v0.9.0") { Replaces = "example.com/b@v1.2.0", H1 = "h1:f=" }),
            ],
            _input.Modules());
        Assert.Equal("complete", _input.Aggregate);
        var subject = Assert.Single(_input.Subjects());
        Assert.Equal(("example.com/main", null), (subject.Name, subject.Version));
        Assert.Equal(["example.com/a"], subject.Needs);
        Assert.Equal(["example.com/b"], _input.NeedsOf("example.com/a"));
    }

    [Fact]
    public void Modules_OfAGoSumAlone_AreItsZips()
    {
        Add(Sums);
        Assert.Equal(["example.com/a@v1.0.0", "example.com/fork@v0.9.0"], _input.Modules().Select(static one => one.Module.Name));
        Assert.Equal("h1:am=", _input.Modules()[0].Module.GoModH1);
        Assert.Equal("unknown", _input.Aggregate);
        Assert.Empty(_input.Subjects());
    }

    [Fact]
    public void Modules_OfAGoMod_MayNotBeAll()
    {
        Add(GoMod.Replace("replace example.com/a v1.0.0 => ./a\n", "", StringComparison.Ordinal));
        Assert.Equal("example.com/a@v1.0.0", Assert.Single(_input.Modules()).Module.Name);
        Assert.Equal("incomplete", _input.Aggregate);
    }

    [Fact]
    public void Modules_OfAProgram_AreWhatItHolds()
    {
        Add(Listing);
        Assert.Equal("h1:a=", Assert.Single(_input.Modules()).Module.H1);
        Assert.Equal(["go1.27.3"], _input.Releases());
        Assert.Equal("(devel)", Assert.Single(_input.Subjects()).Version);
    }

    [Theory]
    [InlineData(Graph, Graph, "second")]
    [InlineData(GoMod, GoMod, "second")]
    [InlineData(Listing, Listing, "second")]
    [InlineData(Graph, Listing, "says itself")]
    [InlineData(Listing, GoMod, "says itself")]
    [InlineData(Sums, "", "is no go.sum")]
    [InlineData(Sums, "\u0000\u0001\n", "is no go.sum")]
    [InlineData(Sums, "a b c\n", "is no go.sum")]
    public void Add_OfWhatDoesNotGoTogether_IsRefused(string first, string second, string why)
    {
        Add(first);
        Assert.Contains(why, _input.AddOrFault("file", Encoding.UTF8.GetBytes(second)), StringComparison.Ordinal);
    }

    private void Add(params string[] texts) => Assert.All(texts, text => Assert.Null(_input.AddOrFault("file", Encoding.UTF8.GetBytes(text))));
}
