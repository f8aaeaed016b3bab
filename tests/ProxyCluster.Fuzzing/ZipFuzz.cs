using System.IO.Compression;
using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Tests.Zips;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.Fuzzing;

/// <summary>
/// A module zip that is accepted hashes the same again, and the same when another reader unpacks it: what is proven must be
/// what clients unpack. Whatever it declares, it costs memory by its own length and not by what it would unpack to.
/// </summary>
internal sealed class ZipFuzz : FuzzTarget
{
    // Pooled buffers, which the first input pays for; and for each byte the tree of names in which collisions are looked for.
    private const long MaxAllocated = 1 << 20;
    private const long MaxAllocatedPerByte = 128;

    private static readonly ModuleVersion Module = new(ModulePath.Parse("x.org/y"), "v1.0.0");
    private static readonly ZipLimits Limits = new() { MaxContentBytes = 4 << 20 };

    public override IReadOnlyList<byte[]> Sound { get; } = [.. MakeSound()];

    public override bool Holds(byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var h1 = HashOrNull(bytes);
        if (GC.GetAllocatedBytesForCurrentThread() - before > MaxAllocated + (bytes.Length * MaxAllocatedPerByte))
            return false;
        return HashOrNull(bytes) == h1 && (h1 is null || OtherHashOrNull(bytes) is not { } other || other == h1);
    }

    private static string? HashOrNull(byte[] bytes) =>
        ZipDirectory.TryOpen(new MemoryStream(bytes), Limits, out var zip, out _)
        && ModuleZip.Check(zip, Module).IsValid
        && ModuleHash.TryOfZip(zip, out var h1, out _)
            ? h1
            : null;

    // Null where the other reader has no opinion: it refuses what Go takes, such as a directory that is there twice.
    private static string? OtherHashOrNull(byte[] bytes)
    {
        try
        {
            using var zip = new ZipArchive(new MemoryStream(bytes), ZipArchiveMode.Read, leaveOpen: false, Encoding.UTF8);
            return ModuleHash.TryOfFiles(zip.Entries.Select(static entry => (entry.FullName, (Func<Stream>)entry.Open)), out var h1, out _) ? h1 : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static IEnumerable<byte[]> MakeSound()
    {
        // 1. As we write them.
        using var written = new MemoryStream();
        _ = ModuleZip.Create(written, Module, [ModuleFile.Of("go.mod", "module x.org/y\n"u8.ToArray()), ModuleFile.Of("a/b.go", "package a\n"u8.ToArray())]);
        yield return written.ToArray();

        // 2. As others may: stored, with directories, names that are no ASCII, in the large format. Without a CRC, which Go
        //    then does not check, contents can change and stay right.
        yield return new RawZip()
            .Add(new RawEntry { Name = "x.org/y@v1.0.0/go.mod"u8.ToArray(), Content = "module x.org/y\n"u8.ToArray(), Crc = 0 })
            .Add(new RawEntry { Name = "x.org/y@v1.0.0/d/"u8.ToArray() })
            .Add(new RawEntry { Name = "x.org/y@v1.0.0/d/é"u8.ToArray(), Content = "x"u8.ToArray(), Crc = 0 })
            .Build();
        yield return new RawZip { IsZip64 = true, Comment = "y"u8.ToArray() }
            .Add(new RawEntry
            {
                Name = "x.org/y@v1.0.0/a"u8.ToArray(),
                Content = "aaaaaaaaaaaaaaaa"u8.ToArray(),
                Method = ZipEntry.Deflated,
                Flags = ZipEntry.HasDescriptor,
                IsZip64 = true,
            })
            .Build();

        // 3. Two kilobytes that unpack to two megabytes.
        yield return new RawZip()
            .Add(new RawEntry { Name = "x.org/y@v1.0.0/a"u8.ToArray(), Content = new byte[2 << 20], Method = ZipEntry.Deflated, Crc = 0 })
            .Build();
    }
}
