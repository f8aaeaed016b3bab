namespace ProxyCluster.Clustering.Agreed;

/// <summary>Where a document is kept, as the rules of who is believed; whoever hosts it sees to it that there is one, and that it lasts.</summary>
internal sealed class AgreedPlace(AgreedDocument? standing = null, bool wasBrought = true)
{
    /// <summary>What is agreed on.</summary>
    public AgreedDocument Standing { get; private set; } = standing ?? AgreedDocument.None;

    /// <summary>Nothing was changed here yet: all of it is what members brought, and one that knows more is believed.</summary>
    public bool WasBrought { get; private set; } = wasBrought;

    /// <summary>Would it be believed?</summary>
    public bool Believes(AgreedDocument known) => WasBrought && known.Revision > Standing.Revision;

    /// <summary>What is agreed on, after somebody said what he knows.</summary>
    public AgreedDocument Read(AgreedDocument known)
    {
        if (Believes(known))
            Standing = known;
        return Standing;
    }

    /// <summary>Replaces what was known by the next; false where another stands.</summary>
    public bool TryChange(AgreedDocument known, byte[] next)
    {
        if ((known.Revision, known.Mark) != (Standing.Revision, Standing.Mark))
            return false;
        (Standing, WasBrought) = (Standing.Next(next), false);
        return true;
    }
}
