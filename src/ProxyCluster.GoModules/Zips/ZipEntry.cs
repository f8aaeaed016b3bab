namespace ProxyCluster.GoModules.Zips;

/// <summary>One entry of a zip's directory; the name stays in the directory's bytes.</summary>
internal readonly record struct ZipEntry
{
    public const ushort Encrypted = 1 << 0;
    public const ushort HasDescriptor = 1 << 3;
    public const ushort Utf8Name = 1 << 11;
    public const ushort Stored = 0;
    public const ushort Deflated = 8;

    public required int NameStart { get; init; }

    public required int NameLength { get; init; }

    public required ushort Flags { get; init; }

    public required ushort Method { get; init; }

    public required uint Crc { get; init; }

    public required long CompressedSize { get; init; }

    public required long Size { get; init; }

    /// <summary>Where the local header starts.</summary>
    public required long Offset { get; init; }

    /// <summary>Where the next entry, or the directory, starts: nothing of this entry may lie behind it.</summary>
    public long End { get; init; }
}
