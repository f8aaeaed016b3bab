using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Grains;

/// <summary>Which holders of a module version's bytes are remembered, and which is asked first, by whatever holders are called.</summary>
internal static class HolderRules
{
    /// <summary>Holders that are remembered: one for each region that a cluster is likely to have, and some.</summary>
    public const int Most = 8;

    /// <summary>
    /// Notes one at the front of the <paramref name="count"/> that are known, newest first, where it is news. Where there are
    /// too many, the oldest goes that is not the only one to hold something: when every region has taken the <c>.mod</c>, who
    /// has the <c>.zip</c> must still be known. Gives how many are known then; both spans have room for <see cref="Most"/>.
    /// </summary>
    /// <param name="names">Who holds something.</param>
    /// <param name="kinds">What each of them holds: a bit for each kind, counted by its number.</param>
    /// <param name="count">How many are known.</param>
    /// <param name="name">Who has something now.</param>
    /// <param name="kind">What it has.</param>
    public static int Note<T>(Span<T> names, Span<byte> kinds, int count, T name, ArtifactKind kind)
        where T : IEquatable<T>
    {
        var at = names[..count].IndexOf(name);
        var known = at < 0 ? 0 : kinds[at];
        var holds = known | (1 << (int)kind);
        if (holds == known)
            return count;

        if (at < 0)
            at = count < Most ? count++ : OldestToSpare(kinds, holds);
        names[..at].CopyTo(names[1..]);
        kinds[..at].CopyTo(kinds[1..]);
        (names[0], kinds[0]) = (name, (byte)holds);
        return count;
    }

    /// <summary>The order in which holders are asked: those of the asker's region first, newer ones before older.</summary>
    public static IEnumerable<T> NearFirst<T>(IEnumerable<T> holders, Func<T, string> regionOf, string region) =>
        holders.OrderByDescending(holder => regionOf(holder) == region);

    // There is always one: fewer kinds than holders.
    private static int OldestToSpare(ReadOnlySpan<byte> kinds, int news)
    {
        var at = Most - 1;
        for (; at > 0; at--)
        {
            var others = news;
            for (var i = 0; i < Most; i++)
                others |= i == at ? 0 : kinds[i];
            if ((kinds[at] & ~others) == 0)
                break;
        }

        return at;
    }
}
