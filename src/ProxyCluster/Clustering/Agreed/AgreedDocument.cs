using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ProxyCluster.Clustering.Agreed;

/// <summary>
/// Something small that the whole cluster agrees on, as it stands: one text with a number. Members obey the one with the
/// highest number that they have heard of.
/// </summary>
/// <param name="Revision">Counts changes, from 1; 0 where nothing was ever agreed on.</param>
/// <param name="Content">The text, in whatever form its readers have; empty where there is none.</param>
internal sealed record AgreedDocument(long Revision, byte[] Content)
{
    /// <summary>Nothing was ever agreed on.</summary>
    public static AgreedDocument None { get; } = new(0, []);

    /// <summary>
    /// Tells it from another of the same number: half of a cluster may have gone on without the other. The beginning of the content's SHA-256.
    /// </summary>
    public long Mark => BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Content));

    /// <summary>The next one.</summary>
    public AgreedDocument Next(byte[] content) => new(Revision + 1, content);
}

/// <summary>Who reads a document on this member, and obeys it.</summary>
/// <param name="Name">The document's name: lower-case letters.</param>
/// <param name="TakeOrFault">Takes a new text; says what is wrong with it, in which case the old one stays in force, or null.</param>
internal sealed record AgreedReader(string Name, Func<ReadOnlyMemory<byte>, string?> TakeOrFault);

/// <summary>What became of a change.</summary>
internal enum AgreedWrite
{
    /// <summary>It is what the cluster agrees on now.</summary>
    Written,

    /// <summary>Somebody else was first; read again.</summary>
    Superseded,

    /// <summary>Nobody could be asked, or what is agreed on cannot be kept now. It may have been written all the same.</summary>
    Unavailable,
}
