namespace ProxyCluster.Clustering.Agreed;

/// <summary>
/// The way to where the cluster keeps what it agrees on. The engine says which way it is: a grain for each document where
/// there are silos, an object of the process where there are none.
/// </summary>
internal interface IAgreedCalls
{
    /// <summary>
    /// What is agreed on by that name, given what the asker knows: <paramref name="known"/> itself where that is the same. Where it was lost, the
    /// newest that anybody brings is believed, until it is changed; from then on the others' newer ones are of another history and do not count.
    /// Null where nobody could be asked.
    /// </summary>
    Task<AgreedDocument?> ReadAsync(string name, AgreedDocument known, CancellationToken cancel);

    /// <summary>Replaces <paramref name="known"/> by the next one.</summary>
    Task<AgreedWrite> WriteAsync(string name, AgreedDocument known, byte[] next, CancellationToken cancel);
}
