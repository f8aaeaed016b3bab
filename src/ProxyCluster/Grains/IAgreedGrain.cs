using Orleans;

namespace ProxyCluster.Grains;

/// <summary>Something small that the cluster agrees on; its key is the document's name.</summary>
internal interface IAgreedGrain : IGrainWithStringKey
{
    /// <summary>What is agreed on, without its content where the asker, who knows <paramref name="revision"/>, has that already.</summary>
    Task<AgreedWord> AfterAsync(long revision);

    /// <summary>Takes what a member knows, where that is more than is known here: the storage has lost it.</summary>
    Task<AgreedWord> OfferAsync(AgreedWord known);

    /// <summary>Replaces the revision before <paramref name="next"/>; the answer's revision is that of <paramref name="next"/> if it was.</summary>
    Task<AgreedAnswer> WriteAsync(AgreedWord next);
}

/// <summary>A document.</summary>
/// <param name="Revision">Its number.</param>
/// <param name="Content">Its text; empty where the asker has it.</param>
[GenerateSerializer, Immutable]
internal sealed record AgreedWord([property: Id(0)] long Revision, [property: Id(1)] byte[] Content);

/// <summary>What became of a change.</summary>
/// <param name="Result">An <see cref="Clustering.Agreed.AgreedWrite"/>, by its number.</param>
[GenerateSerializer, Immutable]
internal sealed record AgreedAnswer([property: Id(0)] int Result);
