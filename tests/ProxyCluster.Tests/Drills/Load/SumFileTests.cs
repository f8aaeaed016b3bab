using ProxyCluster.Demo;
using ProxyCluster.Drills.Load;

namespace ProxyCluster.Tests.Drills.Load;

public sealed class SumFileTests
{
    private static readonly PackedModule Packed = DrillModules.Make(1, seed: 9).Single();

    private static string Name => $"{Packed.Module.Path} {Packed.Module.Version}";

    [Fact]
    public void Read_BothLines_InfoModAndZip()
    {
        var found = SumFile.Read($"{Name} {Packed.ZipH1}\n{Name}/go.mod {Packed.GoModH1}\n").ToList();

        var stem = $"{Packed.Module.Path.Escaped}/@v/{Packed.Module.Version}";
        Assert.Equal([(stem + ".info", false), (stem + ".zip", true), (stem + ".mod", true)], found.Select(static asked => (asked.Path, asked.IsArtifact)));
        Assert.Equal([true, true, true], new[] { Packed.Info, Packed.Zip, Packed.GoMod }.Select((body, i) => found[i].IsRight(body)));
    }

    [Fact]
    public void Read_LineOfTheGoModAlone_NothingElseIsAskedFor()
    {
        var only = Assert.Single(SumFile.Read($"{Name}/go.mod {Packed.GoModH1}"));
        Assert.EndsWith(".mod", only.Path, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("example.com/a v1.0.0")]
    [InlineData("example.com/a v1.0.0 h2:AAAA")]
    [InlineData("example.com/a one h1:AAAA")]
    [InlineData("-x v1.0.0 h1:AAAA")]
    public void Read_OtherLines_PassedOver(string line) => Assert.Empty(SumFile.Read(line));

    [Fact]
    public void IsRight_OtherContentUnderTheSameName_IsNot()
    {
        var found = SumFile.Read($"{Name} {Packed.ZipH1}\n{Name}/go.mod {Packed.GoModH1}\n").ToList();
        var other = DrillModules.Make(1, seed: 10).Single();

        // Before the right bytes were seen once, and after it.
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal([false, false, false], new[] { other.Info.AsSpan(0, 5).ToArray(), other.Zip, [] }.Select((body, i) => found[i].IsRight(body)));
            Assert.Equal([true, true, true], new[] { Packed.Info, Packed.Zip, Packed.GoMod }.Select((body, i) => found[i].IsRight(body)));
        }
    }

    [Fact]
    public void IsRight_NoZipAtAll_IsNot() =>
        Assert.False(SumFile.Read($"{Name} {Packed.ZipH1}").Last().IsRight("<html>"u8.ToArray()));
}
