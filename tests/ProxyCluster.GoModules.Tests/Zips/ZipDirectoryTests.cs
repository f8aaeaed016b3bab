using System.Text;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.GoModules.Tests.Zips;

/// <summary>Zips that two readers could read differently, or that contradict themselves, are not read at all.</summary>
public sealed class ZipDirectoryTests
{
    private static readonly byte[] Data = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("content ", 1000)));

    public static TheoryData<string> UnreadableNames => [.. Unreadable.Keys];

    public static TheoryData<string> ContradictionNames => [.. Contradictions.Keys];

    private static readonly Dictionary<string, Func<byte[]>> Unreadable = new()
    {
        ["empty file"] = () => [],
        ["html"] = () => Encoding.UTF8.GetBytes("<html>" + new string(' ', 100) + "</html>"),
        ["zeros"] = () => new byte[4096],
        ["cut by one"] = () => Sound().Build()[..^1],
        ["cut in the middle"] = () => Sound().Build()[..60],
        ["end record only, wrong place"] = () => new RawZip { DirectoryStartOffBy = 1 }.Build(),
        ["junk in front"] = () => Sound(new RawZip { Before = [1, 2, 3] }).Build(),
        ["junk in front, offsets as without"] = () => [1, 2, 3, .. Sound().Build()],
        ["empty zip with junk in front"] = () => new RawZip { Before = [1, 2, 3] }.Build(),
        ["junk behind"] = () => Sound(new RawZip { After = [0] }).Build(),
        ["second zip behind"] = () => [.. Sound().Build(), .. Sound().Build()],
        ["comment longer than the file"] = () => Sound(new RawZip { CommentLength = 5 }).Build(),
        ["comment shorter than the file"] = () => Sound(new RawZip { Comment = [1, 2, 3], CommentLength = 2 }).Build(),
        ["end record in the comment"] = () => Sound(new RawZip { Comment = new RawZip().Build() }).Build(),
        ["bytes between directory and end"] = () => Sound(new RawZip { BetweenDirectoryAndEnd = new byte[4] }).Build(),
        ["directory starts late"] = () => Sound(new RawZip { DirectoryStartOffBy = 1 }).Build(),
        ["directory starts beyond the file"] = () => Sound(new RawZip { DirectoryStartOffBy = 1 << 30 }).Build(),
        ["directory too long"] = () => Sound(new RawZip { DirectorySizeOffBy = 1 }).Build(),
        ["directory too short"] = () => Sound(new RawZip { DirectorySizeOffBy = -1 }).Build(),
        ["one entry more announced"] = () => Sound(new RawZip { CountOffBy = 1 }).Build(),
        ["one entry less announced"] = () => Sound(new RawZip { CountOffBy = -1 }).Build(),
        ["many entries announced"] = () => Sound(new RawZip { CountOffBy = 60_000 }).Build(),
        ["part of a set"] = () => Sound(new RawZip { Disk = 1 }).Build(),
        ["zip64 record with negative size"] = () => Sound(new RawZip { IsZip64 = true, DirectorySizeOffBy = -1000 }).Build(),
        ["zip64 record with negative count"] = () => Sound(new RawZip { IsZip64 = true, CountOffBy = -1000 }).Build(),
        ["zip64 announced but absent"] = () => Patched(Sound().Build(), -10, [0xff, 0xff, 0xff, 0xff]),
        ["entries share their data"] = () => Sound().Add(Entry("b") with { Offset = 0 }).Build(),
        ["entry inside another"] = () => Sound().Add(Entry("b") with { Offset = 40 }).Build(),
        ["packed size reaches the next entry"] = () => new RawZip().Add(Entry("a") with { PackedSize = 9000 }).Add(Entry("b")).Build(),
        ["packed size reaches the directory"] = () => new RawZip().Add(Entry("a") with { PackedSize = 8200 }).Build(),
        ["offset behind the directory"] = () => new RawZip().Add(Entry("a")).Add(Entry("b") with { Offset = 1 << 20 }).Build(),
        ["zip64 field missing"] = () => new RawZip().Add(Entry("a") with { Size = uint.MaxValue }).Build(),
        ["zip64 field cut"] = () => new RawZip().Add(Entry("a") with { Size = uint.MaxValue, Extra = [1, 0, 4, 0, 0, 0, 0, 0] }).Build(),
        ["zip64 field beyond the extra"] = () => new RawZip().Add(Entry("a") with { Size = uint.MaxValue, Extra = [1, 0, 99, 0] }).Build(),
        ["zip64 size negative"] = () => new RawZip().Add(Entry("a") with { Size = -1, IsZip64 = true }).Build(),
    };

    private static readonly Dictionary<string, Func<RawZip>> Contradictions = new()
    {
        ["content longer than declared"] = () => new RawZip().Add(Entry("a") with { Method = 8, Size = 10 }),
        ["content shorter than declared"] = () => new RawZip().Add(Entry("a") with { Method = 8, Size = 9000 }),
        ["stored sizes differ"] = () => new RawZip().Add(Entry("a") with { Size = 10 }),
        ["bomb"] = () => new RawZip().Add(Entry("a") with { Method = 8, Packed = RawZip.Deflate(new byte[8 << 20]), Size = 100 }),
        ["wrong crc"] = () => new RawZip().Add(Entry("a") with { Method = 8, Crc = 1 }),
        ["wrong crc in the descriptor"] = () => new RawZip().Add(Entry("a") with { Method = 8, Flags = 8, DescriptorCrc = 1 }),
        ["wrong crc in the directory"] = () => new RawZip().Add(Entry("a") with { Method = 8, Flags = 8, Crc = 0, DescriptorCrc = 0 }),
        ["no room for the descriptor"] = () => new RawZip().Add(Entry("a") with { Flags = 8, PackedSize = Data.Length + 12, Size = Data.Length + 12 }),
        ["packed data cut"] = () => new RawZip().Add(Entry("a") with { Method = 8, Packed = RawZip.Deflate(Data)[..^4] }),
        ["packed data unfinished"] = () => new RawZip().Add(Entry("a") with { Method = 8, Packed = Unfinished() }),
        ["packed data missing"] = () => new RawZip().Add(Entry("a") with { Method = 8, Content = [], Packed = [] }),
        ["packed data broken"] = () => new RawZip().Add(Entry("a") with { Method = 8, Packed = Data }),
        ["local header has another name"] = () => new RawZip().Add(Entry("a") with { LocalName = "b"u8.ToArray() }),
        ["local header has a longer name"] = () => new RawZip().Add(Entry("a") with { LocalName = "aa"u8.ToArray() }),
        ["local header has another method"] = () => new RawZip().Add(Entry("a") with { LocalMethod = 8 }),
        ["encrypted"] = () => new RawZip().Add(Entry("a") with { Flags = 1 }),
        ["unknown method"] = () => new RawZip().Add(Entry("a") with { Method = 93 }),
        ["directory with content"] = () => new RawZip().Add(Entry("a/")),
        ["file twice"] = () => new RawZip().Add(Entry("a")).Add(Entry("a")),
        ["newline in a name"] = () => new RawZip().Add(Entry("a\nb")),
        ["declared content beyond the limit"] = () => new RawZip().Add(Entry("a") with { Size = 4_000_000_000 }),
        ["no local header"] = () => new RawZip().Add(Entry("a")).Add(Entry("b") with { Offset = 50 }),
    };

    [Theory]
    [MemberData(nameof(UnreadableNames))]
    public void TryOpen_AmbiguousOrBrokenZip_SaysWhy(string name)
    {
        Assert.False(ZipDirectory.TryOpen(new MemoryStream(Unreadable[name]()), ZipLimits.Default, out _, out var error));
        Assert.NotEmpty(error);
    }

    [Theory]
    [MemberData(nameof(ContradictionNames))]
    public void TryOfZip_ContentContradictsTheDirectory_IsFault(string name)
    {
        // A few of these are seen when the directory is read, the others when the content is.
        string? h1 = null;
        ZipFault? fault = null;
        Assert.False(ZipDirectory.TryOpen(Contradictions[name]().Open(), ZipLimits.Default, out var zip, out var error)
            && ModuleHash.TryOfZip(zip, out h1, out fault, TestContext.Current.CancellationToken));
        Assert.Null(h1);
        Assert.NotEmpty(error ?? fault!.Message);
    }

    [Fact]
    public void TryOpen_SoundZip_WithCommentAndZip64_Opens()
    {
        var zip = new RawZip { IsZip64 = true, Comment = "made by hand"u8.ToArray() }
            .Add(Entry("a") with { IsZip64 = true, Method = 8, Flags = 8 })
            .Add(Entry("b"));
        Assert.True(ZipDirectory.TryOpen(zip.Open(), ZipLimits.Default, out var directory, out var error), error);
        Assert.Equal(2, directory.Count);
        Assert.True(ModuleHash.TryOfZip(directory, out var h1, out var fault, TestContext.Current.CancellationToken), fault?.Message);
        Assert.True(ModuleHash.TryOfFiles(
            [("a", () => new MemoryStream(Data)), ("b", () => new MemoryStream(Data))], out var expected, out _, TestContext.Current.CancellationToken));
        Assert.Equal(expected, h1);
    }

    [Fact]
    public void TryOpen_Limits_AreKept()
    {
        var bytes = Sound().Add(Entry("b")).Build();
        Assert.True(Opens(new ZipLimits()));
        Assert.True(Opens(new ZipLimits { MaxEntries = 2, MaxZipBytes = bytes.Length, MaxDirectoryBytes = 94 }));
        Assert.False(Opens(new ZipLimits { MaxEntries = 1 }));
        Assert.False(Opens(new ZipLimits { MaxZipBytes = bytes.Length - 1 }));
        Assert.False(Opens(new ZipLimits { MaxDirectoryBytes = 93 }));

        bool Opens(ZipLimits limits) => ZipDirectory.TryOpen(new MemoryStream(bytes), limits, out _, out _);
    }

    [Fact]
    public void TryOfZip_FlippedBitAnywhere_NeverKeepsAWrongHash()
    {
        var sound = Sound().Add(Entry("b") with { Method = 8, Flags = 8 }).Build();
        var expected = HashOrNull(sound);
        Assert.NotNull(expected);
        for (var bit = 0; bit < sound.Length * 8; bit += bit < sound.Length * 8 - 4000 ? 97 : 1)
        {
            var flipped = (byte[])sound.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));

            // A bit that nobody reads (time, mode) leaves the same tree; any other is noticed.
            var h1 = HashOrNull(flipped);
            Assert.True(h1 is null || h1 == expected, $"bit {bit}");
        }
    }

    [Fact]
    public void TryOfZip_Cancelled_Throws()
    {
        Assert.True(ZipDirectory.TryOpen(Sound().Open(), ZipLimits.Default, out var zip, out _));
        Assert.Throws<OperationCanceledException>(() => ModuleHash.TryOfZip(zip, out _, out _, new CancellationToken(true)));
    }

    private static string? HashOrNull(byte[] bytes) =>
        ZipDirectory.TryOpen(new MemoryStream(bytes), ZipLimits.Default, out var zip, out _)
            && ModuleHash.TryOfZip(zip, out var h1, out _)
            && zip.Count == 2 && zip.NameOrNull(zip.Entries[0]) == "a" && zip.NameOrNull(zip.Entries[1]) == "b"
            ? h1
            : null;

    private static RawEntry Entry(string name) => new() { Name = Encoding.UTF8.GetBytes(name), Content = Data };

    private static RawZip Sound(RawZip? zip = null) => (zip ?? new RawZip()).Add(Entry("a"));

    private static byte[] Patched(byte[] bytes, int at, byte[] patch)
    {
        patch.CopyTo(bytes, bytes.Length + at);
        return bytes;
    }

    // Everything is there but the final block: a stored block that is not the last one.
    private static byte[] Unfinished() =>
        [0, (byte)Data.Length, (byte)(Data.Length >> 8), (byte)~Data.Length, (byte)(~Data.Length >> 8), .. Data];
}
