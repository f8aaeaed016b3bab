using System.Text;
using ProxyCluster.Demo;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.Tests.Demo;

public sealed class SampleModulesTests
{
    private static readonly IReadOnlyList<PackedModule> Packed = SampleModules.Pack();

    [Fact]
    public void Pack_EverySample_PassesTheRulesOfModuleZips()
    {
        Assert.NotEmpty(Packed);
        Assert.All(Packed, packed =>
        {
            using var zip = new MemoryStream(packed.Zip);
            Assert.Empty(ModuleZip.Check(zip, packed.Module, ZipLimits.Default).Faults);
        });
    }

    [Fact]
    public void Pack_EverySample_HasTheHashesThatItsBytesGive()
    {
        Assert.All(Packed, packed =>
        {
            using var zip = new MemoryStream(packed.Zip);
            Assert.True(ZipDirectory.TryOpen(zip, ZipLimits.Default, out var directory, out _));
            Assert.True(ModuleHash.TryOfZip(directory, out var h1, out _, TestContext.Current.CancellationToken));
            Assert.Equal(h1, packed.ZipH1);
            Assert.Equal(ModuleHash.OfGoMod(packed.GoMod), packed.GoModH1);
        });
    }

    [Fact]
    public void Pack_EverySample_NamesItselfInGoModAndInfo()
    {
        Assert.All(Packed, packed =>
        {
            Assert.Equal(packed.Module.Path.Value, GoModFile.ModulePathOrNull(packed.GoMod));
            Assert.True(VersionInfo.TryParse(packed.Info, out var info, out _));
            Assert.Equal(packed.Module.Version, info.Version);
            Assert.NotNull(info.Time);
        });
    }

    [Fact]
    public void Pack_PseudoVersion_CarriesItsCommitTime()
    {
        var packed = Assert.Single(Packed, packed => PseudoVersion.IsPseudo(packed.Module.Version));

        Assert.True(PseudoVersion.TryParse(packed.Module.Version, out var pseudo, out _));
        Assert.True(VersionInfo.TryParse(packed.Info, out var info, out _));
        Assert.Equal(pseudo.Time, info.Time);
    }

    [Fact]
    public void Pack_Samples_CoverEveryShapeThatTheReadmePromises()
    {
        Assert.Contains(Packed, packed => packed.Module.Path.Major == "/v2");
        Assert.Contains(Packed, packed => packed.Module.Version.EndsWith("+incompatible", StringComparison.Ordinal));
        Assert.Contains(Packed, packed => packed.Module.Path.Escaped.Contains('!', StringComparison.Ordinal));
        Assert.Contains(Packed, packed => Encoding.UTF8.GetString(packed.GoMod).Contains("retract v1.2.0", StringComparison.Ordinal));
    }

    [Fact]
    public void Pack_Twice_GivesTheSameBytes()
    {
        Assert.Equal(Packed.Select(packed => packed.Zip), SampleModules.Pack().Select(packed => packed.Zip));
    }
}
