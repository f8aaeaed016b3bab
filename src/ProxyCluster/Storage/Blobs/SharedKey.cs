namespace ProxyCluster.Storage.Blobs;

/// <summary>An account and its key. A class, so that no printed form of it exists.</summary>
internal sealed class SharedKey(string account, byte[] key)
{
    /// <summary>The account's name.</summary>
    public string Account { get; } = account;

    /// <summary>The key's bytes; secret.</summary>
    public byte[] Key { get; } = key;

    /// <inheritdoc/>
    public override string ToString() => $"key of {Account}";
}
