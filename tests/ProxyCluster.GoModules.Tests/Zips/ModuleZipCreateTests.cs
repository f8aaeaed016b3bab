using System.IO.Compression;
using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.GoModules.Tests.Zips;

public sealed class ModuleZipCreateTests
{
    private static readonly ModuleVersion Module = new(ModulePath.Parse("x.org/Y"), "v1.0.0-RC1");

    [Theory]
    [InlineData("a.go b/c.go go.mod LICENSE", "a.go b/c.go go.mod LICENSE")]
    [InlineData("go.mod b/go.mod b/x.go b/c/y.go bb/z.go", "go.mod bb/z.go")]
    [InlineData("b/Go.MOD b/x.go a.go", "a.go")]
    [InlineData("go.mod/x.go a.go", "go.mod/x.go a.go")]
    [InlineData(".hg_archival.txt b/.hg_archival.txt", "b/.hg_archival.txt")]
    [InlineData(".git/config .gitignore", ".git/config .gitignore")]
    [InlineData("vendor/modules.txt vendor/a/b.go vendor/c.go", "vendor/modules.txt vendor/c.go")]
    [InlineData("pkg/vendor/vendor.go pkg/vendor/a/b.go p/vendor/x", "")]
    [InlineData("xvendor/a/b.go vendors/a/b.go", "xvendor/a/b.go vendors/a/b.go")]
    public void Create_OlderModule_PacksTheRightFiles(string files, string packed) =>
        Assert.Equal(Split(packed), Create(Split(files).Select(Text)).Included);

    [Theory]
    [InlineData("1.23", "go.mod vendor/modules.txt vendor/c.go")]
    [InlineData("1.24", "go.mod vendor/c.go pkg/vendor/vendor.go")]
    [InlineData("1.24rc1", "go.mod vendor/c.go pkg/vendor/vendor.go")]
    [InlineData("1.100.1", "go.mod vendor/c.go pkg/vendor/vendor.go")]
    [InlineData("2.0", "go.mod vendor/c.go pkg/vendor/vendor.go")]
    public void Create_VendorRule_FollowsTheLanguageVersion(string version, string packed) => Assert.Equal(
        Split(packed),
        Create([
            ModuleFile.Of("go.mod", Encoding.UTF8.GetBytes($"module x.org/Y\n\ngo {version}\n")),
            .. Split("vendor/modules.txt vendor/c.go vendor/a/b.go pkg/vendor/vendor.go pkg/vendor/a/b.go").Select(Text),
        ]).Included);

    [Theory]
    [InlineData("../a")]
    [InlineData("/a")]
    [InlineData("a//b")]
    [InlineData("./a")]
    [InlineData("a/")]
    [InlineData("")]
    [InlineData("a:b")]
    [InlineData("nul")]
    [InlineData("GO.MOD")]
    [InlineData("ok.go")]
    [InlineData("OK.go")]
    [InlineData("ok.go/x")]
    public void Create_ForbiddenFile_WritesNothing(string path)
    {
        using var output = new MemoryStream();
        var result = ModuleZip.Create(output, Module, [Text("ok.go"), Text(path)], cancellation: TestContext.Current.CancellationToken);
        Assert.False(result.IsValid);
        Assert.Equal(path, Assert.Single(result.Check.Faults).Entry);
        Assert.Equal(0, output.Length);
    }

    [Fact]
    public void Create_LinksAndDevices_AreOmitted()
    {
        var result = Create([
            Text("a") with { Kind = ModuleFileKind.SymbolicLink }, Text("b") with { Kind = ModuleFileKind.Irregular },
            Text("b/go.mod") with { Kind = ModuleFileKind.SymbolicLink, Path = "c/go.mod" }, Text("c/d"),
        ]);
        Assert.Equal(["c/d"], result.Included);
        Assert.Equal(["a", "b", "c/go.mod"], result.Omitted.Select(static o => o.Entry));
    }

    [Fact]
    public void Create_Sizes_AreLimited()
    {
        var limits = new ZipLimits { MaxContentBytes = 10, MaxGoModBytes = 4, MaxLicenseBytes = 4 };
        Assert.True(IsValid(limits, Sized("a", 10)));
        Assert.False(IsValid(limits, Sized("a", 11)));
        Assert.False(IsValid(limits, Sized("a", 6), Sized("b", 5)));
        Assert.True(IsValid(limits, Sized("go.mod", 4), Sized("LICENSE", 4)));
        Assert.False(IsValid(limits, Sized("go.mod", 5)));
        Assert.False(IsValid(limits, Sized("LICENSE", 5)));
        Assert.True(IsValid(limits, Sized("b/LICENSE", 5)));
        Assert.False(IsValid(new ZipLimits { MaxZipBytes = 50 }, Sized("a", 1)));
        Assert.False(IsValid(limits, Sized("a", -1)));
    }

    [Fact]
    public void Create_FileLongerThanItSaid_Fails() =>
        Assert.False(IsValid(ZipLimits.Default, Sized("a", 10) with { Size = 9 }));

    [Fact]
    public void Create_SameList_GivesSameBytes()
    {
        ModuleFile[] files = [Text("go.mod"), Text("é/日本.go"), ModuleFile.Of("empty", []), Sized("big", 300_000)];
        using var first = new MemoryStream();
        using var second = new MemoryStream();
        Assert.True(ModuleZip.Create(first, Module, files, cancellation: TestContext.Current.CancellationToken).IsValid);
        Assert.True(ModuleZip.Create(second, Module, files, cancellation: TestContext.Current.CancellationToken).IsValid);
        Assert.Equal(first.ToArray(), second.ToArray());

        // Another implementation reads the same names and contents from it.
        using var archive = new ZipArchive(first);
        Assert.Equal(files.Select(static f => $"x.org/Y@v1.0.0-RC1/{f.Path}"), archive.Entries.Select(static e => e.FullName));
        foreach (var (file, entry) in files.Zip(archive.Entries))
        {
            using var content = entry.Open();
            using var copy = new MemoryStream();
            content.CopyTo(copy);
            Assert.Equal(file.Size, copy.Length);
        }
    }

    [Fact]
    public void Create_MoreEntriesThanAPlainZipHolds_UsesZip64()
    {
        var files = Enumerable.Range(0, 66_000).Select(static i => ModuleFile.Of($"{i}", [])).ToList();
        using var output = new MemoryStream();
        Assert.True(ModuleZip.Create(output, Module, files, cancellation: TestContext.Current.CancellationToken).IsValid);
        Assert.True(ZipDirectory.TryOpen(output, ZipLimits.Default, out var zip, out var error), error);
        Assert.Equal(66_000, zip.Count);
        Assert.True(ModuleZip.Check(zip, Module).IsValid);
        using var archive = new ZipArchive(output);
        Assert.Equal(66_000, archive.Entries.Count);
    }

    [Fact]
    public void Create_Cancelled_Throws() => Assert.Throws<OperationCanceledException>(() =>
        ModuleZip.Create(Stream.Null, Module, [Text("a")], cancellation: new CancellationToken(true)));

    private static bool IsValid(ZipLimits limits, params ModuleFile[] files) =>
        ModuleZip.Create(Stream.Null, Module, files, limits).IsValid;

    private static ZipCreateResult Create(IEnumerable<ModuleFile> files)
    {
        using var output = new MemoryStream();
        var result = ModuleZip.Create(output, Module, [.. files]);
        Assert.True(result.IsValid, result.Check.ToString());
        Assert.True(ModuleZip.Check(output, Module, ZipLimits.Default).IsValid);
        return result;
    }

    private static string[] Split(string names) => names.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static ModuleFile Text(string path) => ModuleFile.Of(path, Encoding.UTF8.GetBytes(path));

    private static ModuleFile Sized(string path, int size) =>
        ModuleFile.Of(path, new byte[Math.Max(size, 0)]) with { Size = size };
}
