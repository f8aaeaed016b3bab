using System.Globalization;
using System.Text;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Tests.Names;

/// <summary>
/// Every code point, as the real <c>x/mod</c> judges it in a file name. <c>tests/go/filenames</c> printed the vectors, with
/// the Unicode tables that were compiled into the <c>go</c> that built it; the tests of ProxyCluster.Tests/RealGo hold them
/// against every <c>go</c> of the machine.
/// </summary>
public sealed class FileNameVectorTests
{
    [Fact]
    public void EveryCodePoint_InAFileName_IsJudgedAsByTheNewestGo()
    {
        var newest = FileNames.OfVector("17.0.0");
        var ours = FileNames.Ours();

        Assert.Equal([], newest.Allowed.Except(ours.Allowed).Select(Hex));
        Assert.Equal([], ours.Allowed.Except(newest.Allowed).Select(Hex));
        Assert.Equal([], newest.Same.Except(ours.Same));
        Assert.Equal([], ours.Same.Except(newest.Same));
    }

    // Where they differ the newest go wins. It takes for letters what older ones do not know yet, and three letters for
    // another way to write three others (Unicode 15.1). An older go refuses a module with the first by itself; a module that
    // holds two of such a pair side by side is refused here, though an older go would unpack it.
    [Theory]
    [InlineData("13.0.0")]
    [InlineData("15.0.0")]
    public void EveryCodePoint_ThatAnOlderGoTakesForALetter_IsOneToUsToo(string unicode)
    {
        var older = FileNames.OfVector(unicode);
        var ours = FileNames.Ours();

        Assert.Equal([], older.Allowed.Except(ours.Allowed).Select(Hex));
        Assert.NotEmpty(ours.Allowed.Except(older.Allowed));
        var same = FileNames.SameAmong(older.Allowed);
        Assert.Equal([], older.Same.Except(same));
        Assert.Equal([(0x1fd3, 0x390), (0x1fe3, 0x3b0), (0xfb06, 0xfb05)], same.Except(older.Same));
    }

    private static string Hex(int rune) => rune.ToString("x", CultureInfo.InvariantCulture);

    private sealed record FileNames(SortedSet<int> Allowed, List<(int Rune, int First)> Same)
    {
        public static FileNames OfVector(string unicode)
        {
            var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Vectors", $"file-names-{unicode}.txt"))
                .Select(static line => line.Split(' '))
                .ToLookup(static words => words[0], static words => words[1..]);
            Assert.Equal([[unicode]], lines["unicode"]);
            return new(
                [.. lines["allowed"].SelectMany(static range => Enumerable.Range(Of(range[0]), Of(range[1]) - Of(range[0]) + 1))],
                [.. lines["same"].Select(static pair => (Of(pair[0]), Of(pair[1])))]);
        }

        public static FileNames Ours()
        {
            SortedSet<int> allowed = [.. Enumerable.Range(0, 0x110000).Where(Rune.IsValid)
                .Where(static rune => FilePathRules.TryCheck($"x{char.ConvertFromUtf32(rune)}x", out _))];
            return new(allowed, SameAmong(allowed));
        }

        /// <summary>What is the same letter for us as an earlier one of them.</summary>
        public static List<(int Rune, int First)> SameAmong(SortedSet<int> runes)
        {
            Dictionary<int, int> first = [];
            return [.. runes.Where(rune => !first.TryAdd(GoUnicode.Fold(rune), rune)).Select(rune => (rune, first[GoUnicode.Fold(rune)]))];
        }

        private static int Of(string hex) => int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
