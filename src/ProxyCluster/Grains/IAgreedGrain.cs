using Orleans;

namespace ProxyCluster.Grains;

/// <summary>Something small that the cluster agrees on; its key is the document's name.</summary>
internal interface IAgreedGrain : IGrainWithStringKey
{
    /// <summary>What is agreed on; null where it is what the asker knows, by its number and its mark.</summary>
    Task<AgreedWord?> OtherThanAsync(long revision, long mark);

    /// <summary>Takes what a member knows, where the storage has lost it and nobody brought more; gives what is agreed on then.</summary>
    Task<AgreedWord> OfferAsync(AgreedWord known);

    /// <summary>Replaces the one of this number and mark by the next.</summary>
    Task<AgreedAnswer> WriteAsync(long revision, long mark, byte[] next);
}

/// <summary>A document.</summary>
/// <param name="Revision">Its number.</param>
/// <param name="Content">Its text.</param>
[GenerateSerializer, Immutable]
internal sealed record AgreedWord([property: Id(0)] long Revision, [property: Id(1)] byte[] Content);

/// <summary>What became of a change.</summary>
/// <param name="Result">An <see cref="Clustering.Agreed.AgreedWrite"/>, by its number.</param>
[GenerateSerializer, Immutable]
internal sealed record AgreedAnswer([property: Id(0)] int Result);
