using System.Text;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.GoModules.Tests.Zips;

public sealed class ModuleHashTests
{
    [Fact]
    public void TryOfFiles_Order_IsThatOfUtf8Bytes()
    {
        // U+FF5E is behind U+10400 in UTF-16 and before it in UTF-8.
        string[] names = ["b", "\uff5e", "\U00010400", "B", "a/b", "a-b"];
        var forth = Hash(names);
        Array.Reverse(names);
        Assert.Equal(forth, Hash(names));

        var lines = string.Concat(new[] { "B", "a-b", "a/b", "b", "\uff5e", "\U00010400" }.Select(
            static n => $"{Digest.Of(Encoding.UTF8.GetBytes(n)).ToHex()}  {n}\n"));
        Assert.Equal("h1:" + Digest.Of(Encoding.UTF8.GetBytes(lines)).ToBase64(), forth);
    }

    [Theory]
    [InlineData("a\nb", "c")]
    [InlineData("a", "a")]
    public void TryOfFiles_NameWithoutHash_Fails(string first, string second) =>
        Assert.False(ModuleHash.TryOfFiles([File(first), File(second)], out _, out _, TestContext.Current.CancellationToken));

    [Fact]
    public void TryOfZip_DirectoryEntries_ChangeTheHash()
    {
        var plain = OfZip(new RawZip().Add("a/b"));
        Assert.NotEqual(plain, OfZip(new RawZip().Add("a/", "").Add("a/b")));
        Assert.Equal(plain, OfZip(new RawZip().Add(new RawEntry { Name = "a/b"u8.ToArray(), Content = "x"u8.ToArray(), Method = 8, Flags = 8 })));
    }

    [Fact]
    public void TryOfZip_LargeEntry_UsesConstantMemory()
    {
        var zip = new RawZip().Add(new RawEntry { Name = "a"u8.ToArray(), Content = new byte[32 << 20], Method = 8 });
        Assert.True(ZipDirectory.TryOpen(zip.Open(), ZipLimits.Default, out var directory, out _));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(ModuleHash.TryOfZip(directory, out _, out _, TestContext.Current.CancellationToken));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    private static string OfZip(RawZip raw)
    {
        Assert.True(ZipDirectory.TryOpen(raw.Open(), ZipLimits.Default, out var zip, out var error), error);
        Assert.True(ModuleHash.TryOfZip(zip, out var h1, out var fault), fault?.Message);
        return h1;
    }

    private static string Hash(IEnumerable<string> names)
    {
        Assert.True(ModuleHash.TryOfFiles(names.Select(File), out var h1, out var error), error);
        return h1;
    }

    private static (string Name, Func<Stream> Open) File(string name) => (name, () => new MemoryStream(Encoding.UTF8.GetBytes(name)));
}
