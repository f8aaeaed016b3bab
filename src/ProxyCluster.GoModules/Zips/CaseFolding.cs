using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Zips;

/// <summary>
/// Unicode simple case folding, which says when two file names are one on a file system that ignores case (spec §4).
/// </summary>
internal static class CaseFolding
{
    /// <summary>True if both texts fold to the same one.</summary>
    public static bool AreEqual(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (a.SequenceEqual(b))
            return true;

        var left = a.EnumerateRunes();
        var right = b.EnumerateRunes();
        while (true)
        {
            var hasLeft = left.MoveNext();
            if (hasLeft != right.MoveNext())
                return false;
            if (!hasLeft)
                return true;
            if (left.Current != right.Current && GoUnicode.Fold(left.Current.Value) != GoUnicode.Fold(right.Current.Value))
                return false;
        }
    }

    /// <summary>Adds the folded text to a hash: equal texts add the same.</summary>
    public static void AddTo(ref HashCode hash, ReadOnlySpan<char> text)
    {
        foreach (var rune in text.EnumerateRunes())
            hash.Add(GoUnicode.Fold(rune.Value));
    }
}
