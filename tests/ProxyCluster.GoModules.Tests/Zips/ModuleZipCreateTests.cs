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
        Assert.Equal(["a: it is no regular file", "b: it is no regular file", "c/go.mod: it is no regular file"], result.Omitted.Select(static o => o.ToString().Replace("\"", "", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("vendor/a/b.go", "it is in a vendor directory")]
    [InlineData("c/x.go", "it is in another module")]
    [InlineData("c/d/x.go", "it is in another module")]
    [InlineData(".hg_archival.txt", "hg archive adds it")]
    public void Create_FileThatIsLeftOut_SaysWhy(string path, string why)
    {
        var result = Create([Text("a.go"), Text("c/go.mod"), Text(path)]);
        Assert.Equal(why, result.Omitted.Single(omitted => omitted.Entry == path).Message);
    }

    [Fact]
    public void Create_Sizes_AreLimited()
    {
        var limits = new ZipLimits { MaxContentBytes = 10, MaxGoModBytes = 4, MaxLicenseBytes = 4 };
        Assert.Null(FaultOrNull(limits, Sized("a", 10)));
        Assert.Equal("the content is larger than 10 bytes", FaultOrNull(limits, Sized("a", 11)));
        Assert.Equal("the content is larger than 10 bytes", FaultOrNull(limits, Sized("a", 6), Sized("b", 5)));
        Assert.Equal("the content is larger than 10 bytes", FaultOrNull(limits, Sized("a", 6), Sized("b", 5), Sized("c", 5)));
        Assert.Null(FaultOrNull(limits, Sized("go.mod", 4), Sized("LICENSE", 4)));
        Assert.Equal("go.mod: go.mod is larger than 4 bytes", FaultOrNull(limits, Sized("go.mod", 5)));
        Assert.Equal("LICENSE: LICENSE is larger than 4 bytes", FaultOrNull(limits, Sized("LICENSE", 5)));
        Assert.Null(FaultOrNull(limits, Sized("b/LICENSE", 5)));
        Assert.Equal("a: the zip is larger than 50 bytes", FaultOrNull(new ZipLimits { MaxZipBytes = 50 }, Sized("a", 1)));
        Assert.Equal("a: its size is negative", FaultOrNull(limits, Sized("a", -1)));
        Assert.Equal("GO.MOD: go.mod must be in lower case", FaultOrNull(limits, Sized("GO.MOD", 1)));
        Assert.Equal("a: it is longer than it said", FaultOrNull(limits, Sized("a", 10) with { Size = 9 }));

        // The directory at its end counts too.
        using var output = new MemoryStream();
        Assert.True(ModuleZip.Create(output, Module, [Sized("a", 1)], cancellation: TestContext.Current.CancellationToken).IsValid);
        Assert.Null(FaultOrNull(new ZipLimits { MaxZipBytes = output.Length }, Sized("a", 1)));
        Assert.Equal($"the zip is larger than {output.Length - 1} bytes", FaultOrNull(new ZipLimits { MaxZipBytes = output.Length - 1 }, Sized("a", 1)));
    }

    [Fact]
    public void Create_MoreFaultsThanAreShown_CountsThem()
    {
        var check = ModuleZip.Create(Stream.Null, Module, [.. Enumerable.Range(0, 100).Select(static i => Text($"a{i}:"))], cancellation: TestContext.Current.CancellationToken).Check;
        Assert.Equal(100, check.FaultCount);
        Assert.EndsWith($"; and {100 - check.Faults.Count} more", check.ToString(), StringComparison.Ordinal);
        Assert.Equal("valid", ModuleZip.Create(Stream.Null, Module, [Text("a")], cancellation: TestContext.Current.CancellationToken).Check.ToString());
    }

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

    private static string? FaultOrNull(ZipLimits limits, params ModuleFile[] files) =>
        ModuleZip.Create(Stream.Null, Module, files, limits) is { IsValid: false, Check: var check } ? check.ToString().Replace("\"", "", StringComparison.Ordinal) : null;

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
