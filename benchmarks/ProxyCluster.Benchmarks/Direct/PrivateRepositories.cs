using System.Globalization;
using System.Text;
using ProxyCluster.TestKit.Repositories;

namespace ProxyCluster.Benchmarks.Direct;

/// <summary>
/// Private modules in repositories of their own, as a company has them: some 80 commits, 120 files of a few KB, five tags. Each
/// set has names of its own, so that nobody knows it yet.
/// </summary>
internal sealed class PrivateRepositories(string root)
{
    /// <summary>Of the first and of the second version that are asked for.</summary>
    public const string First = "v1.2.0", Second = "v1.3.0";

    private const int Commits = 80, Files = 120, CommitsOfATag = 16;

    private int _sets;

    /// <summary>Makes a set; gives its modules' paths.</summary>
    public IReadOnlyList<string> Make(int count)
    {
        var set = $"s{_sets++}";
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = 2 }, number => Make(set, number));
        return [.. Enumerable.Range(0, count).Select(number => $"git.test/{set}/{NameOf(number)}.git")];
    }

    private static string NameOf(int number) => number.ToString("'m'00", CultureInfo.InvariantCulture);

    private void Make(string set, int number)
    {
        var random = new Random(number);
        var repository = new ScriptedRepository($"{set}/{NameOf(number)}");
        repository.Commit([("go.mod", $"module git.test/{set}/{NameOf(number)}.git\n\ngo 1.20\n"), .. Enumerable.Range(0, Files).Select(file => (PathOf(file), (string?)Source(random)))]);
        for (var commit = 1; commit < Commits; commit++)
        {
            if (commit % CommitsOfATag == 0)
                repository.Tag($"v1.{(commit / CommitsOfATag) - 1}.0");
            repository.Commit((PathOf(random.Next(Files)), Source(random)), (PathOf(random.Next(Files)), Source(random)));
        }

        // As hosts keep them.
        ScriptedRepository.Git(null, "-C", repository.Make(root), "repack", "-a", "-d", "-q");
    }

    private static string PathOf(int file) => string.Create(CultureInfo.InvariantCulture, $"p{file % 12}/f{file}.go");

    private static string Source(Random random)
    {
        var text = new StringBuilder("package p\n");
        for (var line = 0; line < 70; line++)
            text.Append(CultureInfo.InvariantCulture, $"\n// Value{line} is {random.Next()} of {random.Next()}.\n");
        return text.ToString();
    }
}
