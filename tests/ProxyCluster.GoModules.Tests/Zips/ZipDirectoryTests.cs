using System.Text;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.GoModules.Tests.Zips;

/// <summary>Zips that two readers could read differently, or that contradict themselves, are not read at all.</summary>
public sealed class ZipDirectoryTests
{
    private static readonly byte[] Data = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("content ", 1000)));

    public static TheoryData<string> UnreadableNames => [.. Unreadable.Keys];

    public static TheoryData<string> ContradictionNames => [.. Contradictions.Keys];

    private static readonly Dictionary<string, (Func<byte[]> Zip, string Why)> Unreadable = new()
    {
        ["empty file"] = (() => [], "not a zip: it is too short"),
        ["html"] = (() => Encoding.UTF8.GetBytes("<html>" + new string(' ', 100) + "</html>"), "not a zip: it has no end record"),
        ["zeros"] = (() => new byte[4096], "not a zip: it has no end record"),
        ["cut by one"] = (() => Sound().Build()[..^1], "not a zip: it has no end record"),
        ["cut in the middle"] = (() => Sound().Build()[..60], "not a zip: it has no end record"),
        ["end record only, wrong place"] = (() => new RawZip { DirectoryStartOffBy = 1 }.Build(), "the zip's directory does not end where its end record starts"),
        ["junk in front"] = (() => Sound(new RawZip { Before = [1, 2, 3] }).Build(), "there is something in front of the zip's first entry"),
        ["junk in front, offsets as without"] = (() => [1, 2, 3, .. Sound().Build()], "the zip's directory does not end where its end record starts"),
        ["empty zip with junk in front"] = (() => new RawZip { Before = [1, 2, 3] }.Build(), "there is something in front of the zip's first entry"),
        ["junk behind"] = (() => Sound(new RawZip { After = [0] }).Build(), "the zip does not end with its end record"),
        ["second zip behind"] = (() => [.. Sound().Build(), .. Sound().Build()], "the zip's directory does not end where its end record starts"),
        ["comment longer than the file"] = (() => Sound(new RawZip { CommentLength = 5 }).Build(), "the zip does not end with its end record"),
        ["comment shorter than the file"] = (() => Sound(new RawZip { Comment = [1, 2, 3], CommentLength = 2 }).Build(), "the zip does not end with its end record"),
        ["end record in the comment"] = (() => Sound(new RawZip { Comment = new RawZip().Build() }).Build(), "the zip's directory does not end where its end record starts"),
        ["bytes between directory and end"] = (() => Sound(new RawZip { BetweenDirectoryAndEnd = new byte[4] }).Build(), "the zip's directory does not end where its end record starts"),
        ["directory starts late"] = (() => Sound(new RawZip { DirectoryStartOffBy = 1 }).Build(), "the zip's directory does not end where its end record starts"),
        ["directory starts beyond the file"] = (() => Sound(new RawZip { DirectoryStartOffBy = 1 << 30 }).Build(), "the zip's directory does not end where its end record starts"),
        ["directory too long"] = (() => Sound(new RawZip { DirectorySizeOffBy = 1 }).Build(), "the zip's directory does not end where its end record starts"),
        ["directory too short"] = (() => Sound(new RawZip { DirectorySizeOffBy = -1 }).Build(), "the zip's directory does not end where its end record starts"),
        ["one entry more announced"] = (() => Sound(new RawZip { CountOffBy = 1 }).Build(), "the zip's directory is shorter than its entries"),
        ["one entry less announced"] = (() => Sound(new RawZip { CountOffBy = -1 }).Build(), "the zip's directory has more bytes than entries"),
        ["many entries announced"] = (() => Sound(new RawZip { CountOffBy = 60_000 }).Build(), "the zip's directory is shorter than its entries"),
        ["part of a set"] = (() => Sound(new RawZip { Disk = 1 }).Build(), "the zip is part of a set"),
        ["zip64 record with negative size"] = (() => Sound(new RawZip { IsZip64 = true, DirectorySizeOffBy = -1000 }).Build(), "the zip's directory does not end where its end record starts"),
        ["zip64 record with negative count"] = (() => Sound(new RawZip { IsZip64 = true, CountOffBy = -1000 }).Build(), "the zip has a negative number of entries"),
        ["directory's entry without its signature"] = (() => Patched(Sound().Build(), -69, [0]), "entry 0 of the zip's directory is malformed"),
        ["directory's entry with a longer name"] = (() => Patched(Sound().Build(), -41, [2]), "entry 0 of the zip's directory is cut"),
        ["directory's entry with a comment that is not there"] = (() => Patched(Sound().Build(), -37, [1]), "entry 0 of the zip's directory is cut"),
        ["directory's entry on another disk"] = (() => Patched(Sound().Build(), -35, [1]), "the zip is part of a set"),
        ["zip64 record without its signature"] = (() => Patched(Zip64().Build(), -98, [0]), "the zip lacks its zip64 end record"),
        ["zip64 record of another size"] = (() => Patched(Zip64().Build(), -94, [45]), "the zip's zip64 end record is not where its locator says"),
        ["zip64 record of another disk"] = (() => Patched(Zip64().Build(), -82, [1]), "the zip is part of a set"),
        ["zip64 record of a directory on another disk"] = (() => Patched(Zip64().Build(), -78, [1]), "the zip is part of a set"),
        ["zip64 record with two counts"] = (() => Patched(Zip64().Build(), -74, [2]), "the zip is part of a set"),
        ["zip64 locator without its signature"] = (() => Patched(Zip64().Build(), -42, [0]), "the zip lacks its zip64 end record"),
        ["zip64 locator of another disk"] = (() => Patched(Zip64().Build(), -38, [1]), "the zip is part of a set"),
        ["zip64 locator of another place"] = (() => Patched(Zip64().Build(), -34, [1]), "the zip's zip64 end record is not where its locator says"),
        ["zip64 locator of two disks"] = (() => Patched(Zip64().Build(), -26, [2]), "the zip is part of a set"),
        ["zip64 announced in front of nothing"] = (() => Patched(new RawZip().Build(), -10, [0xff, 0xff, 0xff, 0xff]), "the zip lacks its zip64 end record"),
        ["zip64 announced but absent"] = (() => Patched(Sound().Build(), -10, [0xff, 0xff, 0xff, 0xff]), "the zip lacks its zip64 end record"),
        ["entries share their data"] = (() => Sound().Add(Entry("b") with { Offset = 0 }).Build(), "the data of entry 0 overlaps what follows it"),
        ["entry inside another"] = (() => Sound().Add(Entry("b") with { Offset = 40 }).Build(), "the data of entry 0 overlaps what follows it"),
        ["packed size reaches the next entry"] = (() => new RawZip().Add(Entry("a") with { PackedSize = 9000 }).Add(Entry("b")).Build(), "the data of entry 0 overlaps what follows it"),
        ["packed size reaches the directory"] = (() => new RawZip().Add(Entry("a") with { PackedSize = 8200 }).Build(), "the data of entry 0 overlaps what follows it"),
        ["offset behind the directory"] = (() => new RawZip().Add(Entry("a")).Add(Entry("b") with { Offset = 1 << 20 }).Build(), "the data of entry 1 overlaps what follows it"),
        ["zip64 field missing"] = (() => new RawZip().Add(Entry("a") with { Size = uint.MaxValue }).Build(), "entry 0 of the zip's directory has a malformed zip64 field"),
        ["zip64 field cut"] = (() => new RawZip().Add(Entry("a") with { Size = uint.MaxValue, Extra = [1, 0, 4, 0, 0, 0, 0, 0] }).Build(), "entry 0 of the zip's directory has a malformed zip64 field"),
        ["zip64 field beyond the extra"] = (() => new RawZip().Add(Entry("a") with { Size = uint.MaxValue, Extra = [1, 0, 99, 0] }).Build(), "entry 0 of the zip's directory has a malformed zip64 field"),
        ["zip64 size negative"] = (() => new RawZip().Add(Entry("a") with { Size = -1, IsZip64 = true }).Build(), "entry 0 of the zip's directory has a malformed zip64 field"),
    };

    private static readonly Dictionary<string, (Func<RawZip> Zip, string Why)> Contradictions = new()
    {
        ["content longer than declared"] = (() => new RawZip().Add(Entry("a") with { Method = 8, Size = 10 }), "its content is longer than declared"),
        ["content shorter than declared"] = (() => new RawZip().Add(Entry("a") with { Method = 8, Size = 9000 }), "its content is shorter than declared"),
        ["stored sizes differ"] = (() => new RawZip().Add(Entry("a") with { Size = 10 }), "its content is longer than declared"),
        ["bomb"] = (() => new RawZip().Add(Entry("a") with { Method = 8, Packed = RawZip.Deflate(new byte[8 << 20]), Size = 100 }), "its content is longer than declared"),
        ["wrong crc"] = (() => new RawZip().Add(Entry("a") with { Method = 8, Crc = 1 }), "its CRC is wrong"),
        ["wrong crc in the descriptor"] = (() => new RawZip().Add(Entry("a") with { Method = 8, Flags = 8, DescriptorCrc = 1 }), "its CRC is wrong"),
        ["wrong crc in the directory"] = (() => new RawZip().Add(Entry("a") with { Method = 8, Flags = 8, Crc = 0, DescriptorCrc = 0 }), "its CRC is wrong"),
        ["no room for the descriptor"] = (() => new RawZip().Add(Entry("a") with { Flags = 8, PackedSize = Data.Length + 12, Size = Data.Length + 12 }), "the zip ends inside it"),
        ["packed data cut"] = (() => new RawZip().Add(Entry("a") with { Method = 8, Packed = RawZip.Deflate(Data)[..^4] }), "its content is shorter than declared"),
        ["packed data unfinished"] = (() => new RawZip().Add(Entry("a") with { Method = 8, Packed = Unfinished() }), "its packed data is cut"),
        ["packed data missing"] = (() => new RawZip().Add(Entry("a") with { Method = 8, Content = [], Packed = [] }), "its packed data is cut"),
        ["packed data broken"] = (() => new RawZip().Add(Entry("a") with { Method = 8, Packed = Data }), "its packed data is broken"),
        ["local header has another name"] = (() => new RawZip().Add(Entry("a") with { LocalName = "b"u8.ToArray() }), "its local header has another name"),
        ["local header has a longer name"] = (() => new RawZip().Add(Entry("a") with { LocalName = "aa"u8.ToArray() }), "its local header contradicts the directory"),
        ["local header has another method"] = (() => new RawZip().Add(Entry("a") with { LocalMethod = 8 }), "its local header contradicts the directory"),
        ["encrypted"] = (() => new RawZip().Add(Entry("a") with { Flags = 1 }), "it is encrypted"),
        ["unknown method"] = (() => new RawZip().Add(Entry("a") with { Method = 93 }), "it is packed with method 93; only stored and deflated are known"),
        ["directory with content"] = (() => new RawZip().Add(Entry("a/")), "a directory entry has content"),
        ["file twice"] = (() => new RawZip().Add(Entry("a")).Add(Entry("a")), "the file is there twice"),
        ["newline in a name"] = (() => new RawZip().Add(Entry("a\nb")), "a name holds a newline"),
        ["declared content beyond the limit"] = (() => new RawZip().Add(Entry("a") with { Size = 4_000_000_000 }), "the content is larger than 524288000 bytes"),
        ["no local header"] = (() => new RawZip().Add(Entry("a") with { LocalSignature = 0x02014b50 }), "it has no local header"),
        ["local header brings along more than there is"] = (() => new RawZip().Add(Entry("a") with { LocalExtraLength = 1 }), "its data overlaps what follows it"),
    };

    [Theory]
    [MemberData(nameof(UnreadableNames))]
    public void TryOpen_AmbiguousOrBrokenZip_SaysWhy(string name)
    {
        Assert.False(ZipDirectory.TryOpen(new MemoryStream(Unreadable[name].Zip()), ZipLimits.Default, out _, out var error));
        Assert.Equal(Unreadable[name].Why, error);
    }

    [Theory]
    [MemberData(nameof(ContradictionNames))]
    public void TryOfZip_ContentContradictsTheDirectory_IsFault(string name)
    {
        // A few of these are seen when the directory is read, the others when the content is.
        string? h1 = null;
        ZipFault? fault = null;
        Assert.False(ZipDirectory.TryOpen(Contradictions[name].Zip().Open(), ZipLimits.Default, out var zip, out var error)
            && ModuleHash.TryOfZip(zip, out h1, out fault, TestContext.Current.CancellationToken));
        Assert.Null(h1);
        Assert.Equal(Contradictions[name].Why, error ?? fault!.Message);
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

    // What does not fit into 32 bits stands behind whatever else an entry brings along; the other numbers stay where they are.
    [Fact]
    public void TryOpen_EntryWithOneWideNumberBehindOtherFields_HasItsSize()
    {
        byte[] extra = [9, 0, 2, 0, 1, 1, 1, 0, 8, 0, (byte)Data.Length, (byte)(Data.Length >> 8), 0, 0, 0, 0, 0, 0];
        using var zip = new RawZip().Add(Entry("a") with { Size = uint.MaxValue, Extra = extra }).Add(Entry("b")).Open();
        Assert.True(ZipDirectory.TryOpen(zip, ZipLimits.Default, out var directory, out var error), error);
        Assert.Equal((Data.Length, Data.Length), (directory.Entries[0].Size, directory.Entries[1].Size));
        Assert.True(ModuleHash.TryOfZip(directory, out _, out var fault, TestContext.Current.CancellationToken), fault?.Message);
    }

    [Fact]
    public void TryOpen_Limits_AreKept()
    {
        var bytes = Sound().Add(Entry("b")).Build();
        Assert.True(Opens(new ZipLimits()));
        Assert.Equal((500L << 20, 16L << 20, 16L << 20), (new ZipLimits().MaxContentBytes, new ZipLimits().MaxGoModBytes, new ZipLimits().MaxLicenseBytes));
        Assert.True(Opens(new ZipLimits { MaxEntries = 2, MaxZipBytes = bytes.Length, MaxDirectoryBytes = 94 }));
        Assert.False(Opens(new ZipLimits { MaxEntries = 1 }, "the zip has 2 entries; the limit is 1"));
        Assert.False(Opens(new ZipLimits { MaxZipBytes = bytes.Length - 1 }, $"the zip has {bytes.Length} bytes; the limit is {bytes.Length - 1}"));
        Assert.False(Opens(new ZipLimits { MaxDirectoryBytes = 93 }, "the zip's directory has 94 bytes; the limit is 93"));

        bool Opens(ZipLimits limits, string? why = null)
        {
            var opens = ZipDirectory.TryOpen(new MemoryStream(bytes), limits, out _, out var error);
            Assert.Equal(why, error);
            return opens;
        }
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

    private static RawZip Zip64() => Sound(new RawZip { IsZip64 = true });

    private static byte[] Patched(byte[] bytes, int at, byte[] patch)
    {
        patch.CopyTo(bytes, bytes.Length + at);
        return bytes;
    }

    // Everything is there but the final block: a stored block that is not the last one.
    private static byte[] Unfinished() =>
        [0, (byte)Data.Length, (byte)(Data.Length >> 8), (byte)~Data.Length, (byte)(~Data.Length >> 8), .. Data];
}
