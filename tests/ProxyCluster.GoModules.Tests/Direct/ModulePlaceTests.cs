using ProxyCluster.GoModules.Direct;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Tests.Direct;

public sealed class ModulePlaceTests
{
    // Directory, the major version's directory, and what pseudo-versions begin with.
    [Theory]
    [InlineData("git.test/r", "git.test/r", "", "| - - root")]
    [InlineData("git.test/r", "git.test/r", "a/./b/", "a/b| - - ")]
    [InlineData("git.test/r/sub", "git.test/r", "", "sub| - - ")]
    [InlineData("git.test/r/sub", "git.test/r", "a", "sub/a| - - ")]
    [InlineData("git.test/r/v2", "git.test/r", "", "| v2 v2 ")]
    [InlineData("git.test/r/v2", "git.test/r/v2", "", "| - v2 ")]
    [InlineData("git.test/r/sub/v3", "git.test/r", "", "sub| sub/v3 v3 ")]
    [InlineData("gopkg.in/r.v2", "gopkg.in/r.v2", "", "| - v2 ")]
    [InlineData("gopkg.in/r.v2-unstable", "gopkg.in/r.v2-unstable", "", "| - v2 ")]
    public void Module_LiesWhereItsPathSays(string path, string prefix, string subdirectory, string expected)
    {
        var place = ModulePlace.FindOrNull(ModulePath.Parse(path), new RepositoryRoot(prefix, "git", "https://git.test/r", subdirectory), out var fault)!;
        Assert.Null(fault);
        Assert.Equal(expected, $"{place.Directory}| {place.MajorDirectoryOrNull ?? "-"} {place.PseudoMajorOrNull ?? "-"} {(place.MayBeIncompatible ? "root" : "")}");
    }

    [Theory]
    [InlineData("git.test/r", "git.test/other")]
    [InlineData("git.test/rest", "git.test/r")]
    [InlineData("git.test/r", "git.test/r/sub")]
    [InlineData("git.test/r/v2", "git.test/r/v")]
    [InlineData("git.test/r.v2/sub/v3", "git.test/r.v2/sub/v")]
    public void Module_OfAnotherRepository_HasNoPlaceInIt(string path, string prefix)
    {
        Assert.Null(ModulePlace.FindOrNull(ModulePath.Parse(path), new RepositoryRoot(prefix, "git", ""), out var fault));
        Assert.Equal($"the repository of {prefix} cannot hold {path}", fault);
    }

    [Theory]
    [InlineData("v1.2.3", "sub/v1.2.3")]
    [InlineData("v2.0.0+incompatible", "sub/v2.0.0")]
    [InlineData("v1.2.4-0.20240102030405-abcdef012345", "abcdef012345")]
    [InlineData("v2.2.4-0.20240102030405-abcdef012345+incompatible", "abcdef012345")]
    [InlineData("main", "main")]
    public void Asked_BecomesATagOrACommit(string asked, string expected) => Assert.Equal(expected, Of("git.test/r/sub").RevisionOf(asked));

    [Theory]
    [InlineData("sub/v1.2.3", "v1.2.3", true)]
    [InlineData("sub/v1.2.3+meta", "v1.2.3", false)]
    [InlineData("sub/v2.0.0+incompatible", "v2.0.0", false)]
    [InlineData("sub/v1.2", null, false)]
    [InlineData("v1.2.3", null, false)]
    [InlineData("sub/main", null, false)]
    [InlineData("sub/v0.0.0-20240102030405-abcdef012345", "v0.0.0-20240102030405-abcdef012345", true)] // a tag below a directory is none
    public void Tag_StandsForAVersion(string tag, string? version, bool isCanonical) => Assert.Equal((version, isCanonical), Of("git.test/r/sub").VersionOf(tag));

    [Theory]
    [InlineData("git.test/r", "git.test/fork", true)]
    [InlineData("git.test/r", "gopkg.in/r.v1", true)]
    [InlineData("git.test/r", "gopkg.in/r.v3", true)] // go issue 34254
    [InlineData("git.test/r", "git.test/r/v2", false)]
    [InlineData("git.test/r", "", false)]
    [InlineData("git.test/r", null, false)]
    [InlineData("git.test/r/v2", "git.test/fork/v2", true)]
    [InlineData("git.test/r/v2", "git.test/r/v3", false)]
    [InlineData("git.test/r/v2", "git.test/r", false)]
    [InlineData("git.test/r/v2", "gopkg.in/r.v3", false)]
    [InlineData("gopkg.in/r.v1", "git.test/r", false)]
    public void GoMod_ThatNamesThePathOrAFork_IsTheModules(string path, string? named, bool isAccepted) => Assert.Equal(isAccepted, Of(path, path).Accepts(named));

    private static ModulePlace Of(string path, string prefix = "git.test/r") =>
        ModulePlace.FindOrNull(ModulePath.Parse(path), new RepositoryRoot(prefix, "git", ""), out _)!;
}
