using System.Text;

namespace ProxyCluster.Lines;

/// <summary>The secret that members of a cluster share. Never printed.</summary>
internal sealed class ClusterSecret
{
    /// <summary>Shortest secret that is taken.</summary>
    public const int MinBytes = 16;

    private readonly byte[] _bytes;

    /// <summary>Takes the secret's bytes; empty means that internal calls are refused.</summary>
    public ClusterSecret(byte[] bytes) => _bytes = bytes;

    /// <summary>False when this process belongs to no cluster.</summary>
    public bool IsSet => _bytes.Length > 0;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Reads a secret file; surrounding white space is not part of the secret.</summary>
    /// <exception cref="InvalidDataException">It is too short.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ClusterSecret FromFile(string path)
    {
        var bytes = Encoding.UTF8.GetBytes(File.ReadAllText(path).Trim());
        return bytes.Length >= MinBytes
            ? new ClusterSecret(bytes)
            : throw new InvalidDataException($"the secret in {path} has {bytes.Length} bytes; at least {MinBytes} are needed");
    }

    /// <inheritdoc/>
    public override string ToString() => IsSet ? "(set)" : "(not set)";
}
