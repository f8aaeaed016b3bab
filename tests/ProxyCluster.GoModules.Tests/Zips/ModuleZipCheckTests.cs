using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.GoModules.Tests.Zips;

/// <summary>Spec §4, "CheckZip": names and sizes, as the directory declares them.</summary>
public sealed class ModuleZipCheckTests
{
    private const string Prefix = "x.org/y@v1.0.0/";
    private const long Mebi = 1 << 20;

    private static readonly ModuleVersion Module = new(ModulePath.Parse("x.org/y"), "v1.0.0");

    [Theory]
    [InlineData]
    [InlineData("go.mod", "a.go", "b/c.go")]
    [InlineData("a.go")]
    [InlineData("")]
    [InlineData("", "go.mod")]
    [InlineData("b/", "b/c.go")]
    [InlineData("b/c.go", "b/")]
    [InlineData("b/", "b/")]
    [InlineData("go.mod/")]
    [InlineData("b/go.mod/")]
    [InlineData("b/go.mod/x.go")]
    [InlineData("b/GO.MOD/x.go")]
    [InlineData("go.mod/x.go")]
    [InlineData("vendor/a/b.go")]
    [InlineData("vendor/modules.txt")]
    [InlineData(".git/config")]
    [InlineData(".hg_archival.txt")]
    [InlineData("LICENSE", "license.txt")]
    [InlineData("a/b", "a/c", "a/d/e")]
    [InlineData("a b/!#$%&()+,-.=@[]^_{}~")]
    [InlineData("é.go", "è.go", "日本.go")]
    [InlineData("a/x", "b/X")]
    [InlineData("x@v1.0.0/y")]
    [InlineData("z~1")]
    [InlineData("ß", "ss")]
    [InlineData("İ", "i")]
    [InlineData("ı", "I")]
    public void Check_ModuleZip_IsValid(params string[] names)
    {
        var result = Check(names);
        Assert.True(result.IsValid, result.ToString());
        Assert.Empty(result.Faults);
    }

    [Theory]
    [InlineData("../a")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("./a")]
    [InlineData("a/../b")]
    [InlineData("a/./b")]
    [InlineData("a//b")]
    [InlineData("/a")]
    [InlineData("/")]
    [InlineData("a//")]
    [InlineData("../")]
    [InlineData("a\\b")]
    [InlineData("..\\a")]
    [InlineData("C:a")]
    [InlineData("con")]
    [InlineData("a/NUL.txt")]
    [InlineData("a/LPT1/b")]
    [InlineData("aux/")]
    [InlineData("a.")]
    [InlineData("a./b")]
    [InlineData("a/...")]
    [InlineData("a*")]
    [InlineData("a?b")]
    [InlineData("a\"b")]
    [InlineData("a'b")]
    [InlineData("a<b")]
    [InlineData("a|b")]
    [InlineData("a;b")]
    [InlineData("a`b")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("a\tb")]
    [InlineData("a\u007f")]
    [InlineData("e\u0301.go")]
    [InlineData("\u0661")]
    [InlineData("a\u200bb")]
    [InlineData("😀.go")]
    [InlineData("b/go.mod")]
    [InlineData("b/c/go.mod")]
    [InlineData("b/GO.MOD")]
    [InlineData("Go.mod")]
    [InlineData("GO.MOD")]
    [InlineData("vendor/a/go.mod")]
    public void Check_ForbiddenName_IsNamed(string name)
    {
        var fault = Assert.Single(Check("ok.go", name).Faults);
        Assert.Equal(Prefix + name, fault.Entry);
    }

    [Theory]
    [InlineData("a", "a")]
    [InlineData("a.go", "A.go")]
    [InlineData("b/x", "B/y")]
    [InlineData("b/", "B/")]
    [InlineData("b/x", "B")]
    [InlineData("b/c/x", "b/C/y")]
    [InlineData("a", "a/")]
    [InlineData("a/", "a")]
    [InlineData("a", "a/b")]
    [InlineData("a/b", "a")]
    [InlineData("a/b/c", "a/b")]
    [InlineData("k", "K")]
    [InlineData("k", "\u212a")]
    [InlineData("K", "\u212a")]
    [InlineData("s", "ſ")]
    [InlineData("é", "É")]
    [InlineData("ß", "ẞ")]
    [InlineData("σ", "ς")]
    [InlineData("Σ", "ς")]
    [InlineData("å", "\u212b")]
    [InlineData("ǆ", "ǅ")]
    [InlineData("θ", "ϴ")]
    [InlineData("𐐀", "𐐨")]
    [InlineData("ᏸ", "Ᏸ")]
    [InlineData("ꭰ", "Ꭰ")]
    [InlineData("go.mod", "go.mod")]
    public void Check_Collision_NamesTheSecond(string first, string second)
    {
        var fault = Assert.Single(Check(first, second).Faults);
        Assert.Equal(Prefix + second, fault.Entry);
    }

    [Theory]
    [InlineData("a.go")]
    [InlineData("/x.org/y@v1.0.0/a.go")]
    [InlineData("x.org/y@v1.0.0")]
    [InlineData("x.org/y@v1.0.1/a.go")]
    [InlineData("X.org/y@v1.0.0/a.go")]
    [InlineData("x.org/z@v1.0.0/a.go")]
    [InlineData("x.org/y/a.go")]
    [InlineData("../x.org/y@v1.0.0/a.go")]
    [InlineData("x.org/y@v1.0.0\\a.go")]
    [InlineData("")]
    public void Check_OutsideThePrefix_IsNamed(string name)
    {
        using var zip = new RawZip().Add(Prefix + "go.mod").Add(name).Open();
        var fault = Assert.Single(ModuleZip.Check(zip, Module, ZipLimits.Default).Faults);
        Assert.Equal(name, fault.Entry);
    }

    [Fact]
    public void Check_EscapedPrefix_IsRefused()
    {
        var module = new ModuleVersion(ModulePath.Parse("x.org/Y"), "v1.0.0-RC1");
        using var plain = new RawZip().Add("x.org/Y@v1.0.0-RC1/a").Open();
        using var escaped = new RawZip().Add("x.org/!y@v1.0.0-!r!c1/a").Open();
        Assert.True(ModuleZip.Check(plain, module, ZipLimits.Default).IsValid);
        Assert.False(ModuleZip.Check(escaped, module, ZipLimits.Default).IsValid);
    }

    [Theory]
    [InlineData("go.mod", 16 * Mebi, true)]
    [InlineData("go.mod", (16 * Mebi) + 1, false)]
    [InlineData("LICENSE", 16 * Mebi, true)]
    [InlineData("LICENSE", (16 * Mebi) + 1, false)]
    [InlineData("license", (16 * Mebi) + 1, true)]
    [InlineData("b/LICENSE", (16 * Mebi) + 1, true)]
    [InlineData("a", 500 * Mebi, true)]
    [InlineData("a", (500 * Mebi) + 1, false)]
    [InlineData("a", (4096 * Mebi) - 2, false)]
    public void Check_DeclaredSize_IsLimited(string name, long size, bool isValid)
    {
        using var zip = new RawZip().Add(new RawEntry { Name = Encoding.UTF8.GetBytes(Prefix + name), Size = size }).Open();
        Assert.Equal(isValid, ModuleZip.Check(zip, Module, ZipLimits.Default).IsValid);
    }

    [Fact]
    public void Check_DeclaredSizes_AreAddedUp()
    {
        var half = new RawEntry { Name = Encoding.UTF8.GetBytes(Prefix + "a"), Size = 250 * Mebi };
        using var fits = new RawZip().Add(half).Add(half with { Name = Encoding.UTF8.GetBytes(Prefix + "b") }).Open();
        using var tooMuch = new RawZip().Add(half).Add(half with { Name = Encoding.UTF8.GetBytes(Prefix + "b") }).Add(Prefix + "c").Open();
        Assert.True(ModuleZip.Check(fits, Module, ZipLimits.Default).IsValid);
        Assert.Null(Assert.Single(ModuleZip.Check(tooMuch, Module, ZipLimits.Default).Faults).Entry);
    }

    [Fact]
    public void Check_Zip64SizeBeyondAnyLimit_IsRefused()
    {
        var entry = new RawEntry { Name = Encoding.UTF8.GetBytes(Prefix + "a"), Size = long.MaxValue, IsZip64 = true };
        using var zip = new RawZip().Add(entry).Add(entry with { Name = Encoding.UTF8.GetBytes(Prefix + "b") }).Open();
        Assert.False(ModuleZip.Check(zip, Module, ZipLimits.Default).IsValid);
    }

    [Fact]
    public void Check_SymlinkEntry_CountsAsFile()
    {
        using var zip = new RawZip()
            .Add(new RawEntry { Name = Encoding.UTF8.GetBytes(Prefix + "link"), Content = "/etc/passwd"u8.ToArray(), Mode = 0xa1ff })
            .Open();
        Assert.True(ModuleZip.Check(zip, Module, ZipLimits.Default).IsValid);
    }

    [Theory]
    [InlineData(new byte[] { 0xff })]
    [InlineData(new byte[] { 0xc3 })]
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 })]
    [InlineData(new byte[] { 0xc0, 0xaf })]
    public void Check_NameThatIsNoUtf8_IsRefused(byte[] bytes)
    {
        using var zip = new RawZip().Add(new RawEntry { Name = [.. Encoding.UTF8.GetBytes(Prefix), .. bytes] }).Open();
        Assert.False(ModuleZip.Check(zip, Module, ZipLimits.Default).IsValid);
    }

    [Fact]
    public void Check_Utf8NameWithoutFlag_IsReadAsUtf8()
    {
        using var zip = new RawZip().Add(Prefix + "é").Add(Prefix + "É").Open();
        Assert.Single(ModuleZip.Check(zip, Module, ZipLimits.Default).Faults);
    }

    [Fact]
    public void Check_ManyFaults_AreCountedButNotAllNamed()
    {
        var zip = new RawZip();
        for (var i = 0; i < 50; i++)
            zip.Add($"{Prefix}{i}.");
        using var stream = zip.Open();
        var result = ModuleZip.Check(stream, Module, ZipLimits.Default);
        Assert.Equal((50, ZipCheckResult.MaxNamedFaults), (result.FaultCount, result.Faults.Count));
        Assert.EndsWith("and 30 more", result.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_DeepHostilePaths_StaysLinear()
    {
        // 60 KB of nesting per name: a set of all parent paths would take gigabytes.
        var zip = new RawZip();
        for (var i = 0; i < 20; i++)
            zip.Add(Prefix + string.Concat(Enumerable.Repeat($"{i}/", 20_000)) + "x");
        using var stream = zip.Open();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(ModuleZip.Check(stream, Module, ZipLimits.Default).IsValid);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 256L << 20);
    }

    private static ZipCheckResult Check(params string[] names)
    {
        var zip = new RawZip();
        foreach (var name in names)
            zip.Add(Prefix + name, name.EndsWith('/') || name.Length == 0 ? "" : "x");
        using var stream = zip.Open();
        return ModuleZip.Check(stream, Module, ZipLimits.Default);
    }
}
