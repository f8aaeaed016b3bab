using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Tests.Names;

public sealed class ModulePathTests
{
    private static readonly ModulePath Mux = ModulePath.Parse("github.com/gorilla/mux");

    [Theory]
    [InlineData("github.com/gorilla/mux")]
    [InlineData("github.com/Azure/azure-sdk-for-go")]
    [InlineData("x.org/y")]
    [InlineData("golang.org")]
    [InlineData("x.y.z/a_b~c")]
    [InlineData("x.org/x..y")]
    [InlineData("x.org/z09~")]
    [InlineData("x.org/~")]
    [InlineData("x.org/v")]
    [InlineData("x.org/v2")]
    [InlineData("x.org/v10/sub")]
    [InlineData("x.org/v1/sub")]
    [InlineData("x.org/-y")]
    [InlineData("x.org/com0")]
    [InlineData("x.org/con1")]
    [InlineData("gopkg.in/yaml.v2")]
    [InlineData("gopkg.in/go-playground/validator.v0")]
    [InlineData("gopkg.in/x.v1-unstable")]
    [InlineData("gopkg.in")]
    public void TryParse_PathGoAccepts_Succeeds(string text)
    {
        Assert.True(ModulePath.TryParse(text, out var path, out var error), error);
        Assert.Equal(text, path.Value);
        Assert.Null(error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/x.org/y")]
    [InlineData("x.org/y/")]
    [InlineData("x.org//y")]
    [InlineData("-x.org/y")]
    [InlineData("xorg/y")]
    [InlineData("X.org/y")]
    [InlineData("x_.org/y")]
    [InlineData("x~.org/y")]
    [InlineData(".x.org/y")]
    [InlineData("x.org/.y")]
    [InlineData("x.org/y.")]
    [InlineData("x.org/./y")]
    [InlineData("x.org/../y")]
    [InlineData("x.org/a b")]
    [InlineData("x.org/a!b")]
    [InlineData("x.org/a@b")]
    [InlineData("x.org/a+b")]
    [InlineData("x.org/a\\b")]
    [InlineData("x.org/é")]
    [InlineData("x.org/\ud800")]
    [InlineData("x.org/a\n")]
    [InlineData("x.org/con")]
    [InlineData("x.org/CoN.txt")]
    [InlineData("x.org/lpt9.a.b")]
    [InlineData("x.org/com1/y")]
    [InlineData("x.org/z~0")]
    [InlineData("x.org/z~12.txt")]
    [InlineData("x.org/v0")]
    [InlineData("x.org/v1")]
    [InlineData("x.org/v01")]
    [InlineData("x.org/v2.0")]
    [InlineData("x.org/v2.")]
    [InlineData("gopkg.in/yaml")]
    [InlineData("gopkg.in/yaml.v")]
    [InlineData("gopkg.in/yaml.v01")]
    [InlineData("gopkg.in/yaml.v00")]
    [InlineData("gopkg.in/yaml/v2")]
    [InlineData("gopkg.in/yaml.v2-stable")]
    public void TryParse_PathGoRejects_SaysWhy(string text)
    {
        Assert.False(ModulePath.TryParse(text, out var path, out var error));
        Assert.Equal(default, path);
        Assert.StartsWith("malformed module path", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_HostileText_IsHarmlessInTheSentence()
    {
        Assert.False(ModulePath.TryParse("a\n\u001b[31m\u202e" + new string('x', 5000), out _, out var error));
        Assert.DoesNotContain(error, char.IsControl);
        Assert.DoesNotContain('\u202e', error);
        Assert.True(error.Length < 300);
    }

    [Theory]
    [InlineData("github.com/gorilla/mux", "github.com/gorilla/mux", "")]
    [InlineData("x.org/y/v2", "x.org/y", "/v2")]
    [InlineData("x.org/y/v10", "x.org/y", "/v10")]
    [InlineData("gopkg.in/yaml.v2", "gopkg.in/yaml", ".v2")]
    [InlineData("gopkg.in/yaml.v0", "gopkg.in/yaml", ".v0")]
    [InlineData("gopkg.in/x.v3-unstable", "gopkg.in/x", ".v3-unstable")]
    [InlineData("x.org/v", "x.org/v", "")]
    public void Major_Path_IsSplitOff(string text, string prefix, string major)
    {
        var path = ModulePath.Parse(text);
        Assert.Equal((prefix, major), (path.Prefix, path.Major));
    }

    [Fact]
    public void Escaped_UpperCase_IsMarked() => Assert.Equal(
        "github.com/!google!cloud!platform/omega", ModulePath.Parse("github.com/GoogleCloudPlatform/omega").Escaped);

    [Theory]
    [InlineData("github.com/GoogleCloudPlatform/omega")]
    [InlineData("github.com/!google!cloud!platform/omega!")]
    [InlineData("github.com/!Google")]
    [InlineData("github.com/!1")]
    [InlineData("github.com/!!a")]
    [InlineData("github.com/é")]
    [InlineData("!github.com/x")]
    [InlineData("xorg/y")]
    [InlineData("")]
    public void TryUnescape_MalformedText_Fails(string escaped) =>
        Assert.False(ModulePath.TryUnescape(escaped, out _, out _));

    [Fact]
    public void TryParse_ValidNames_AllocateNothing()
    {
        Assert.Equal(0, AllocatedBy(static () => ModulePath.TryParse("github.com/Azure/azure-sdk-for-go/v68", out _, out _)));
        Assert.Equal(0, AllocatedBy(static () => ModuleVersion.TryCreate(Mux, "v1.8.0", out _, out _)));
        Assert.Equal(0, AllocatedBy(static () => VersionQuery.TryParse(Mux, "master", out _, out _)));
        Assert.Equal(0, AllocatedBy(static () => Semver.Compare("v1.2.3-rc.1", "v1.2.3-rc.2")));
        Assert.Equal(
            AllocatedBy(static () => new string('x', 24).Length),
            AllocatedBy(static () => ModulePath.TryUnescape("github.com/!azure/azure-x", out _, out _)));
    }

    [Fact]
    public void Default_IsTheEmptyPath()
    {
        ModulePath path = default;
        Assert.Equal(("", "", "", ""), (path.ToString(), path.Value, path.Escaped, path.Major));
    }

    [Fact]
    public void Parse_Malformed_Throws() => Assert.Throws<FormatException>(() => ModulePath.Parse("nodot"));

    // The least of several runs: the first ones pay for what the runtime prepares once.
    private static long AllocatedBy<T>(Func<T> action) => Enumerable.Range(0, 50).Min(_ =>
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    });
}
