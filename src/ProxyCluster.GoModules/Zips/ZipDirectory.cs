using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ProxyCluster.GoModules.Zips;

/// <summary>
/// An opened zip: its central directory, read once, for checking and hashing alike.
/// <para>
/// A zip can be built so that two readers see two different trees: two end records, bytes before the first or behind the
/// last entry, entries that share their data, a local header that tells another name than the directory. What this
/// process verifies must be what every client unpacks, so there is no tolerance here: the file is entries, directory,
/// end record, in this order and nothing around them; the directory has exactly the announced length and count; entries
/// do not overlap. Go's reader would forgive some of it; no writer of module zips needs the forgiveness.
/// </para>
/// <para>
/// <c>System.IO.Compression.ZipArchive</c> is not used for reading because it decides names by flags that Go ignores,
/// makes an object per entry, and does not expose what these rules are about. Memory: the directory's bytes (bounded by
/// <see cref="ZipLimits.MaxDirectoryBytes"/>) and 56 bytes per entry; the content is never held.
/// </para>
/// <para>Not thread-safe: it moves the position of the stream, which the caller owns and keeps open.</para>
/// </summary>
public sealed class ZipDirectory
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly byte[] _bytes;
    private readonly ZipEntry[] _entries;

    internal ZipDirectory(Stream zip, ZipLimits limits, long zipBytes, byte[] bytes, ZipEntry[] entries)
    {
        Zip = zip;
        Limits = limits;
        ZipBytes = zipBytes;
        _bytes = bytes;
        _entries = entries;
    }

    /// <summary>The limits that it was opened under; checking and hashing keep to them.</summary>
    public ZipLimits Limits { get; }

    /// <summary>Length of the zip file.</summary>
    public long ZipBytes { get; }

    /// <summary>Number of entries.</summary>
    public int Count => _entries.Length;

    internal Stream Zip { get; }

    internal ReadOnlySpan<ZipEntry> Entries => _entries;

    /// <summary>
    /// Reads the directory of a zip. False if the bytes are not exactly one zip, or exceed the limits; the sentence says
    /// which. I/O errors of the stream itself are thrown.
    /// </summary>
    /// <param name="zip">Seekable; read from its start to its end, whatever its position.</param>
    /// <param name="limits">How big it may be.</param>
    /// <param name="directory">The directory; usable as long as the stream is open.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryOpen(
        Stream zip,
        ZipLimits limits,
        [NotNullWhen(true)] out ZipDirectory? directory,
        [NotNullWhen(false)] out string? error) => ZipDirectoryReader.TryRead(zip, limits, out directory, out error);

    internal ReadOnlySpan<byte> NameBytes(ZipEntry entry) => _bytes.AsSpan(entry.NameStart, entry.NameLength);

    /// <summary>The name as text; null if its bytes are no UTF-8. The UTF-8 flag is ignored, as Go does.</summary>
    internal string? NameOrNull(ZipEntry entry)
    {
        try
        {
            return Strict.GetString(NameBytes(entry));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>The name for a sentence: broken bytes become U+FFFD.</summary>
    internal string NameForPeople(ZipEntry entry) => Encoding.UTF8.GetString(NameBytes(entry));
}
