using System.Text;
using System.Text.Json;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.GoModules.Tests.Zips;

/// <summary>Every h1 of the known answers, from the data file.</summary>
public sealed class KnownHashes
{
    private static readonly JsonElement Answers = JsonDocument.Parse(
        File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Vectors", "known-answers.json"))).RootElement;

    public static TheoryData<int> FileSets => [.. Enumerable.Range(0, Answers.GetProperty("h1_small").GetArrayLength())];

    public static TheoryData<int> RealModules => [.. Enumerable.Range(0, Answers.GetProperty("h1").GetArrayLength())];

    [Theory]
    [MemberData(nameof(FileSets))]
    public void TryOfFiles_KnownFileSet_GivesItsHash(int index)
    {
        var (files, expected) = FileSet(index);
        Assert.True(ModuleHash.TryOfFiles(
            files.Select(static f => (f.Key, (Func<Stream>)(() => new MemoryStream(f.Value)))),
            out var h1, out var error, TestContext.Current.CancellationToken), error);
        Assert.Equal(expected, h1);
        if (files.Count == 1 && files.TryGetValue("go.mod", out var goMod))
            Assert.Equal(expected, ModuleHash.OfGoMod(goMod));
    }

    [Theory]
    [MemberData(nameof(FileSets))]
    public void TryOfZip_KnownFileSet_GivesItsHash(int index)
    {
        var (files, expected) = FileSet(index);
        var zip = new RawZip();
        foreach (var (name, content) in files.Reverse())
            zip.Add(new RawEntry { Name = Encoding.UTF8.GetBytes(name), Content = content, Method = ZipEntry.Deflated, Packed = Packed(content) });
        Assert.True(ZipDirectory.TryOpen(zip.Open(), ZipLimits.Default, out var directory, out var error), error);
        Assert.True(ModuleHash.TryOfZip(directory, out var h1, out var fault, TestContext.Current.CancellationToken), fault?.Message);
        Assert.Equal(expected, h1);
    }

    [Theory]
    [MemberData(nameof(RealModules))]
    public void RealModule_NamesAndSynthesizedGoMod_Agree(int index)
    {
        var answer = Answers.GetProperty("h1")[index];
        var path = answer.GetProperty("module").GetString()!;
        Assert.True(ModuleVersion.TryParse(path, answer.GetProperty("version").GetString()!, out _, out var error), error);
        foreach (var name in new[] { "zip_h1", "gomod_h1" })
        {
            var h1 = answer.GetProperty(name).GetString()!;
            Assert.StartsWith(ModuleHash.Prefix, h1, StringComparison.Ordinal);
            Assert.True(Digest.TryParseBase64(h1.AsSpan(ModuleHash.Prefix.Length), out _));
        }

        var gomod = ModuleHash.OfGoMod(Encoding.UTF8.GetBytes($"module {path}\n"));
        var isSynthesized = answer.TryGetProperty("gomod_is_synthesized", out var flag) && flag.GetBoolean();
        Assert.Equal(isSynthesized, gomod == answer.GetProperty("gomod_h1").GetString());
    }

    [Theory]
    [InlineData("module github.com/gorilla/mux\n\ngo 1.12\n", "h1:DVbg23sWSpFRCP0SfiEN6jmj59UnW/n46BH5rLB71So=")]
    [InlineData("", "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=")]
    public void OfGoMod_KnownText_GivesItsHash(string text, string expected) =>
        Assert.Equal(expected, ModuleHash.OfGoMod(Encoding.UTF8.GetBytes(text)));

    private static (Dictionary<string, byte[]> Files, string H1) FileSet(int index)
    {
        var answer = Answers.GetProperty("h1_small")[index];
        return (answer.GetProperty("files").EnumerateObject().ToDictionary(
            static f => f.Name, static f => Encoding.UTF8.GetBytes(f.Value.GetString()!)), answer.GetProperty("h1").GetString()!);
    }

    private static byte[] Packed(byte[] content) => content.Length == 0 ? [3, 0] : RawZip.Deflate(content);
}
