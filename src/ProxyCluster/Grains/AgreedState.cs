using ProxyCluster.Silos;

namespace ProxyCluster.Grains;

/// <summary>The record of a document that the cluster agrees on.</summary>
internal sealed class AgreedState : StoredRecord
{
    /// <summary>Counts changes, from 1; 0 before the first.</summary>
    public long Revision { get; set; }

    /// <summary>Whether it was changed here, and not only brought by members.</summary>
    public bool IsOwn { get; set; }

    /// <summary>The text.</summary>
    public byte[] Content { get; set; } = [];
}
