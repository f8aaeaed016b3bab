using System.Reflection;

namespace ProxyCluster.GoModules.Licences;

/// <summary>
/// Says which licences a text is, by comparing it with those that Go modules use.
/// </summary>
/// <remarks>
/// Licences differ from their templates by names, a word here and there and the way they are broken into lines, and from each other by
/// one clause. So what is compared is pairs of words that follow each other: a text is a licence if a stretch of it has
/// <see cref="Threshold"/> of the licence's pairs, and of the licences that do the one that explains it best is taken
/// (<see cref="LicencePlace.Worth"/>). Its words are then taken out and the rest is read again: a file may hold several.
/// What is left over, in between too, is counted: a clause that somebody put in makes another licence of it, which a person must read.
/// <para>
/// Several licences in one file, or in several, all count (<c>AND</c>): whether one may choose is written in sentences that no comparison
/// reads. A text says which version of the GPL it is, and not "or any later": that is so where a notice beside it says it once more than the text does.
/// </para>
/// <para>Texts: SPDX licence list, see <c>infra/licence-texts</c>. They are read at the first use.</para>
/// </remarks>
public static class LicenceTexts
{
    /// <summary>The share of a licence's pairs that must be there. 0.85 takes every usual change of names and words; nearly all real files have 0.95 and more.</summary>
    internal const double Threshold = 0.85;

    // A title, an address, "see LICENSE".
    private const int FewWords = 20;

    private const string Only = "-only";

    private static readonly Lazy<Known> All = new(Known.Read);

    /// <summary>The identifiers of the licences that are known, in ordinal order.</summary>
    public static IReadOnlyList<string> KnownIds => [.. All.Value.Parts.Select(static part => part.Id).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Reads a text.</summary>
    public static LicenceReading Read(string text)
    {
        var words = LicenceWords.Of(text);
        var numbers = words.ConvertAll(All.Value.NumberOf).ToArray();
        var found = new SortedSet<string>(StringComparer.Ordinal);

        // What was taken out leaves less for all others: what is not there now never will be.
        var left = All.Value.Parts;
        var later = LicencePart.CountLater(words);
        while (left.Count > 0)
        {
            var places = left.Select(part => part.Find(numbers)).Where(static place => place.Share >= Threshold).ToList();
            if (places.Count == 0)
                break;
            var best = places.MaxBy(static place => place.Worth);
            if (best.Part.Kind is not LicencePartKind.Appendix)
                found.Add(best.Part.Id);
            later -= best.Part.SaysLater;
            best.Part.TakeOut(numbers.AsSpan(best.Start..best.End), Known.Taken);
            left = [.. places.Select(static place => place.Part)];
        }

        var rest = words.Where((_, i) => numbers[i] != Known.Taken).ToList();
        if (later > 0)
            found = new(found.Select(static id => id.EndsWith(Only, StringComparison.Ordinal) ? id[..^Only.Length] + "-or-later" : id), StringComparer.Ordinal);
        return new LicenceReading([.. found], rest.Count >= FewWords ? rest.Count : 0);
    }

    private sealed class Known
    {
        /// <summary>A word that was recognised already.</summary>
        public const int Taken = -2;

        private const int Unknown = -1;
        private const string Folder = "licences/";

        private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

        public required List<LicencePart> Parts { get; init; }

        public int NumberOf(string word) => _numbers.GetValueOrDefault(word, Unknown);

        public static Known Read()
        {
            var known = new Known { Parts = [] };
            var assembly = Assembly.GetExecutingAssembly();
            foreach (var name in assembly.GetManifestResourceNames().Where(static name => name.StartsWith(Folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                known.Add(name[Folder.Length..], reader.ReadToEnd());
            }

            return known;
        }

        private void Add(string id, string text)
        {
            var kind = LicencePartKind.Terms;
            foreach (var piece in text.Split("\n%% "))
            {
                var body = piece;
                if (piece.StartsWith("appendix\n", StringComparison.Ordinal))
                    (kind, body) = (LicencePartKind.Appendix, piece["appendix\n".Length..]);
                else if (piece.StartsWith("notice\n", StringComparison.Ordinal))
                    (kind, body) = (LicencePartKind.Notice, piece["notice\n".Length..]);
                var words = LicenceWords.Of(body);
                foreach (var word in words)
                    _numbers.TryAdd(word, _numbers.Count);
                Parts.Add(new LicencePart(id, kind, words, [.. words.Select(NumberOf)]));
            }
        }
    }
}
