using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace ProxyCluster.GoModules.Zips;

/// <summary>
/// The <c>h1:</c> hash of go.sum files and checksum databases (spec §4). It covers names and contents, so how a zip is
/// packed is none of its business: one line per file with the content's SHA-256 in hexadecimal, two spaces, the name;
/// lines in the order of the names' UTF-8 bytes; the SHA-256 of all lines in base64.
/// </summary>
public static class ModuleHash
{
    /// <summary>What every hash starts with.</summary>
    public const string Prefix = "h1:";

    /// <summary>Has it the form of one: the prefix, and 32 bytes in base64?</summary>
    public static bool IsWellFormed(string h1)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes + 1];
        return h1.StartsWith(Prefix, StringComparison.Ordinal)
            && Convert.TryFromBase64String(h1[Prefix.Length..], hash, out var length)
            && length == SHA256.HashSizeInBytes;
    }

    private readonly record struct Line(byte[] Name, Digest Content);

    /// <summary>The hash of a go.mod file: of the exact bytes, as if it were alone in a zip under its bare name.</summary>
    public static string OfGoMod(ReadOnlySpan<byte> goMod)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendLine(sha, Digest.Of(goMod), "go.mod"u8);
        return Finish(sha);
    }

    /// <summary>
    /// The hash of named contents, opened one after the other in the order given. False if a name holds a newline or comes
    /// twice, for which there is no hash.
    /// </summary>
    public static bool TryOfFiles(
        IEnumerable<(string Name, Func<Stream> Open)> files,
        [NotNullWhen(true)] out string? h1,
        [NotNullWhen(false)] out string? error,
        CancellationToken cancellation = default)
    {
        h1 = null;
        var lines = new List<Line>();
        foreach (var (name, open) in files)
        {
            cancellation.ThrowIfCancellationRequested();
            var bytes = Encoding.UTF8.GetBytes(name);
            error = NameFaultOrNull(bytes);
            if (error is not null)
                return false;

            using var content = open();
            lines.Add(new Line(bytes, new Digest(SHA256.HashData(content))));
        }

        lines.Sort(static (a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < lines.Count; i++)
        {
            if (i > 0 && lines[i].Name.AsSpan().SequenceEqual(lines[i - 1].Name))
            {
                error = "a name is there twice";
                return false;
            }

            AppendLine(sha, lines[i].Content, lines[i].Name);
        }

        h1 = Finish(sha);
        error = null;
        return true;
    }

    /// <summary>
    /// The hash of a zip's entries, directory entries included. Reads the file once, front to back; holds 32 bytes per
    /// entry. False at the first entry that cannot be read exactly as declared; the rules of module zips are
    /// <see cref="ModuleZip.Check(ZipDirectory, Names.ModuleVersion)"/>'s affair.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled between two buffers.</exception>
    public static bool TryOfZip(
        ZipDirectory zip,
        [NotNullWhen(true)] out string? h1,
        [NotNullWhen(false)] out ZipFault? fault,
        CancellationToken cancellation = default)
    {
        h1 = null;
        fault = OrderByName(zip, out var byName);
        if (fault is not null)
            return false;

        var digests = new Digest[zip.Count];
        var byOffset = new int[zip.Count];
        Array.Copy(byName, byOffset, byName.Length);
        Array.Sort(byOffset, (a, b) => zip.Entries[a].Offset.CompareTo(zip.Entries[b].Offset));
        using (var hasher = new ZipEntryHasher(zip))
        {
            foreach (var i in byOffset)
            {
                cancellation.ThrowIfCancellationRequested();
                if (hasher.HashOrFault(zip.Entries[i], out digests[i], cancellation) is not { } message)
                    continue;
                fault = new ZipFault(zip.NameForPeople(zip.Entries[i]), message);
                return false;
            }
        }

        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var i in byName)
            AppendLine(sha, digests[i], zip.NameBytes(zip.Entries[i]));
        h1 = Finish(sha);
        return true;
    }

    private static ZipFault? OrderByName(ZipDirectory zip, out int[] byName)
    {
        byName = new int[zip.Count];
        var contentBytes = 0L;
        for (var i = 0; i < byName.Length; i++)
        {
            byName[i] = i;
            var entry = zip.Entries[i];
            if (NameFaultOrNull(zip.NameBytes(entry)) is { } fault)
                return new ZipFault(zip.NameForPeople(entry), fault);

            // A bomb is refused by what it declares; what it declares is then all that is unpacked.
            if (entry.Size > zip.Limits.MaxContentBytes - contentBytes)
                return new ZipFault(null, $"the content is larger than {zip.Limits.MaxContentBytes} bytes");
            contentBytes += entry.Size;
        }

        Array.Sort(byName, (a, b) => Name(zip, a).SequenceCompareTo(Name(zip, b)));
        for (var i = 1; i < byName.Length; i++)
        {
            // Of two files with one name only one would be unpacked. A directory twice is odd, yet Go hashes both lines.
            var name = Name(zip, byName[i]);
            if (name is not [.., (byte)'/'] && name.SequenceEqual(Name(zip, byName[i - 1])))
                return new ZipFault(zip.NameForPeople(zip.Entries[byName[i]]), "the file is there twice");
        }

        return null;
    }

    private static ReadOnlySpan<byte> Name(ZipDirectory zip, int entry) => zip.NameBytes(zip.Entries[entry]);

    // A newline would let one name pass for the end of a line and the start of another.
    private static string? NameFaultOrNull(ReadOnlySpan<byte> name) =>
        name.Contains((byte)'\n') ? "a name holds a newline" : null;

    private static void AppendLine(IncrementalHash sha, Digest content, ReadOnlySpan<byte> name)
    {
        Span<byte> start = stackalloc byte[(Digest.Size * 2) + 2];
        Span<byte> digest = stackalloc byte[Digest.Size];
        content.CopyTo(digest);
        Convert.TryToHexStringLower(digest, start, out _);
        start[^1] = start[^2] = (byte)' ';
        sha.AppendData(start);
        sha.AppendData(name);
        sha.AppendData("\n"u8);
    }

    private static string Finish(IncrementalHash sha)
    {
        Span<byte> hash = stackalloc byte[Digest.Size];
        sha.GetHashAndReset(hash);
        return Prefix + Convert.ToBase64String(hash);
    }
}
