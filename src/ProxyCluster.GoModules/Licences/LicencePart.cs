namespace ProxyCluster.GoModules.Licences;

/// <summary>What a piece of a licence's text says of a file that holds it.</summary>
internal enum LicencePartKind
{
    /// <summary>The licence applies.</summary>
    Terms,

    /// <summary>Advice on how to apply it, which says nothing.</summary>
    Appendix,

    /// <summary>The short form by which it is named where its terms are elsewhere: it applies.</summary>
    Notice,
}

/// <summary>A piece of a known text, as pairs of words that follow each other.</summary>
internal sealed class LicencePart
{
    private readonly Dictionary<long, int> _pairs = [];

    public LicencePart(string id, LicencePartKind kind, List<string> text, int[] words)
    {
        Id = id;
        Kind = kind;
        Length = words.Length;
        SaysLater = CountLater(text);
        for (var i = 1; i < words.Length; i++)
            _pairs[Pair(words[i - 1], words[i])] = _pairs.GetValueOrDefault(Pair(words[i - 1], words[i])) + 1;
    }

    /// <summary>Identifier of the SPDX licence list.</summary>
    public string Id { get; }

    public LicencePartKind Kind { get; }

    /// <summary>How many words it has.</summary>
    public int Length { get; }

    /// <summary>How often it says "any later version" itself.</summary>
    public int SaysLater { get; }

    /// <summary>How often a text says "any later version".</summary>
    public static int CountLater(List<string> words)
    {
        var count = 0;
        for (var i = 2; i < words.Count; i++)
        {
            if (words[i] == "version" && words[i - 1] == "later" && words[i - 2] == "any")
                count++;
        }

        return count;
    }

    /// <summary>
    /// The place in a text that has most of its pairs, within a stretch that is somewhat longer than it is; one pass. Negative words are
    /// none that any licence has, and match nothing.
    /// </summary>
    public LicencePlace Find(ReadOnlySpan<int> text)
    {
        // 1. A window moves over the text; what it holds of each pair counts as often as the licence has it.
        var size = Length + (Length / 4) + 30;
        var held = new Dictionary<long, int>();
        var (matched, best, start, end) = (0, 0, 0, 0);
        for (var i = 1; i < text.Length; i++)
        {
            matched += Take(held, text[i - 1], text[i]) ? 1 : 0;
            if (i >= size && _pairs.TryGetValue(Pair(text[i - size], text[i - size + 1]), out var wanted) && held[Pair(text[i - size], text[i - size + 1])]-- <= wanted)
                matched--;
            if (matched > best)
                (best, start, end) = (matched, Math.Max(0, i - size + 1), i + 1);
        }

        // 2. Of that window the stretch in which pairs that are the licence's outnumber others most: what stands around it has some of
        //    them too, and may be another licence.
        var (sum, most, from, first, last) = (0, 0, start, start, start);
        for (var i = start + 1; i < end; i++)
        {
            if (sum == 0)
                from = i - 1;
            sum = Math.Max(0, sum + (_pairs.ContainsKey(Pair(text[i - 1], text[i])) ? 1 : -1));
            if (sum > most)
                (most, first, last) = (sum, from, i + 1);
        }

        // 3. What that has.
        held.Clear();
        matched = 0;
        for (var i = first + 1; i < last; i++)
            matched += Take(held, text[i - 1], text[i]) ? 1 : 0;
        return new LicencePlace(this, first, last, matched, Length - 1);
    }

    // Is it one that the licence has, and not more often than that?
    private bool Take(Dictionary<long, int> held, int first, int second)
    {
        var pair = Pair(first, second);
        return _pairs.TryGetValue(pair, out var wanted) && (held[pair] = held.GetValueOrDefault(pair) + 1) <= wanted;
    }

    /// <summary>Replaces each word of a stretch that stands in one of its pairs; what is left between them was put in.</summary>
    public void TakeOut(Span<int> stretch, int taken)
    {
        var isTheirs = false;
        for (var i = 0; i < stretch.Length; i++)
        {
            var goesOn = i + 1 < stretch.Length && _pairs.ContainsKey(Pair(stretch[i], stretch[i + 1]));
            if (isTheirs || goesOn)
                stretch[i] = taken;
            isTheirs = goesOn;
        }
    }

    private static long Pair(int first, int second) => first < 0 || second < 0 ? -1 : ((long)first << 32) | (uint)second;
}

/// <summary>Where a piece of a licence was found.</summary>
/// <param name="Part">The piece.</param>
/// <param name="Start">First word.</param>
/// <param name="End">Behind the last word.</param>
/// <param name="Matched">Pairs that are there.</param>
/// <param name="Wanted">Pairs that the piece has.</param>
internal readonly record struct LicencePlace(LicencePart Part, int Start, int End, int Matched, int Wanted)
{
    /// <summary>How much of it is there, 0 to 1.</summary>
    public double Share => Wanted == 0 ? 0 : (double)Matched / Wanted;

    /// <summary>
    /// Which of two similar licences it is: the one that explains more of the text, where what it would have and the text has not
    /// weighs twice, and what stands in between once. So BSD-3-Clause goes before BSD-2-Clause where its third clause is there, and behind it
    /// otherwise, and ISC before 0BSD, which is ISC without half of a sentence.
    /// </summary>
    public int Worth => Matched - (2 * (Wanted - Matched)) - (End - Start - 1 - Matched);
}
