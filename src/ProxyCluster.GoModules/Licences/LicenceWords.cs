using System.Text;
using System.Text.RegularExpressions;

namespace ProxyCluster.GoModules.Licences;

/// <summary>
/// A text as the words that licences are compared by, after the matching guidelines of the SPDX licence list (annex B): case, white
/// space, punctuation, bullets, comment marks and copyright notices mean nothing, and some words are the same.
/// </summary>
internal static partial class LicenceWords
{
    // A notice that is longer than this is not alone on its line: the terms stand there as well.
    private const int MaxNotice = 160;

    private static readonly Dictionary<string, string> Same = new(StringComparer.Ordinal)
    {
        ["licence"] = "license",
        ["licences"] = "licenses",
        ["licenced"] = "licensed",
        ["sublicence"] = "sublicense",
        ["owner"] = "holder",
        ["owners"] = "holders",
        ["https"] = "http",
        ["acknowledgement"] = "acknowledgment",
        ["analog"] = "analogue",
        ["centre"] = "center",
        ["fulfil"] = "fulfill",
        ["favour"] = "favor",
        ["judgement"] = "judgment",
        ["noncommercial"] = "non-commercial",
        ["wilful"] = "willful",
        ["whilst"] = "while",
    };

    /// <summary>The words, in their order.</summary>
    public static List<string> Of(string text)
    {
        var words = new List<string>();
        foreach (var line in text.Split('\n'))
        {
            var bare = Marks().Replace(line, "");
            if (bare.Length <= MaxNotice && CopyrightNotice().IsMatch(bare))
                continue;
            AddWords(Bullet().Replace(bare, ""), words);
        }

        return words;
    }

    private static void AddWords(string line, List<string> words)
    {
        var word = new StringBuilder();
        for (var i = 0; i <= line.Length; i++)
        {
            var c = i < line.Length ? line[i] : ' ';
            if (char.IsLetterOrDigit(c))
                word.Append(char.ToLowerInvariant(c));
            else if (word.Length > 0 && !(c is '-' or '\'' or '’' && i + 1 < line.Length && char.IsLetterOrDigit(line[i + 1])))
                Add();
        }

        void Add()
        {
            var text = word.ToString();
            word.Clear();
            words.Add(Same.GetValueOrDefault(text, text));
            if (words is [.., "all", "rights", "reserved"])
                words.RemoveRange(words.Count - 3, 3);
        }
    }

    [GeneratedRegex(@"^[\s*#/;>|=_\\-]+", RegexOptions.CultureInvariant)]
    private static partial Regex Marks();

    [GeneratedRegex(@"^\(?(?:[0-9]{1,2}|[a-z]|[ivx]{1,4})[.)]+\s+", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Bullet();

    // Not a line of the terms that happens to begin with the word, "copyright notice, this list of conditions".
    [GeneratedRegex(
        @"^\W*(?:portions\s+)?(?:(?:copyright|copr\.?|©|\(c\))[\s:,*]*(?:by\b|the\s|©|\(c\)|&copy;|(?:19|20)[0-9x]{2}|[<\[{$])|©|&copy;)",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex CopyrightNotice();
}
