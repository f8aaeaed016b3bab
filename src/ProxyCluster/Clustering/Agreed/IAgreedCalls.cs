namespace ProxyCluster.Clustering.Agreed;

/// <summary>
/// The way to where the cluster keeps what it agrees on. The engine says which way it is: a grain for each document where
/// there are silos, an object of the process where there are none.
/// </summary>
internal interface IAgreedCalls
{
    /// <summary>
    /// What is agreed on by that name, given what the asker knows: with nothing of its content where that is as new. One that knows more than
    /// anybody, because all else was lost, is believed. Null where nobody could be asked.
    /// </summary>
    Task<AgreedDocument?> ReadAsync(string name, AgreedDocument known, CancellationToken cancel);

    /// <summary>Replaces the one before <paramref name="next"/> by it.</summary>
    Task<AgreedWrite> WriteAsync(string name, AgreedDocument next, CancellationToken cancel);
}
