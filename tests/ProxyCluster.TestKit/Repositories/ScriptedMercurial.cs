using System.Globalization;

namespace ProxyCluster.TestKit.Repositories;

/// <summary>A Mercurial repository made step by step; every hash is the same every time.</summary>
public sealed class ScriptedMercurial
{
    private const long Epoch = 1_600_000_000;

    private readonly string _directory;
    private int _steps;

    /// <summary>An empty one.</summary>
    public ScriptedMercurial(string directory)
    {
        _directory = directory;
        RepositoryCommand.Run("hg", ["init", directory]);
    }

    /// <summary>A commit on what is checked out; a file without content is removed, and <c>-> target</c> is a link.</summary>
    public ScriptedMercurial Commit(params (string Path, string? Content)[] files)
    {
        foreach (var (path, content) in files)
        {
            var file = Path.Combine(_directory, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.Delete(file);
            if (content?.StartsWith("-> ", StringComparison.Ordinal) is true)
                File.CreateSymbolicLink(file, content[3..]);
            else if (content is not null)
                File.WriteAllText(file, content);
        }

        Hg("commit", "-A", "-q", "-m", $"commit {_steps}", "-d", When());
        return this;
    }

    /// <summary>A tag, which is a commit of its own, on a revision or what is checked out.</summary>
    public ScriptedMercurial Tag(string name, string on = ".")
    {
        Hg("tag", "-d", When(), "-r", on, name);
        return this;
    }

    /// <summary>Commits from here on are on a branch of this name.</summary>
    public ScriptedMercurial Branch(string name)
    {
        Hg("branch", "-q", name);
        return this;
    }

    /// <summary>Closes the branch that is checked out.</summary>
    public ScriptedMercurial Close()
    {
        Hg("commit", "-q", "--close-branch", "-m", "close", "-d", When());
        return this;
    }

    /// <summary>Checks a revision out.</summary>
    public ScriptedMercurial Update(string to)
    {
        Hg("update", "-q", to);
        return this;
    }

    /// <summary>A bookmark.</summary>
    public ScriptedMercurial Bookmark(string name, string on)
    {
        Hg("bookmark", "-r", on, name);
        return this;
    }

    /// <summary>The hash of a revision.</summary>
    public string Hash(string revision) => Hg("log", "-r", revision, "-T", "{node}");

    /// <summary>A revision's time and short hash, as they stand in a pseudo-version.</summary>
    public string Stamp(string revision)
    {
        var parts = Hg("log", "-r", revision, "-T", "{date|hgdate} {node|short}").Split(' ');
        return $"{DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts[0], CultureInfo.InvariantCulture)).UtcDateTime.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}-{parts[2]}";
    }

    /// <summary>Runs a command in it.</summary>
    public string Hg(params string[] arguments) => RepositoryCommand.Run("hg", ["--cwd", _directory, .. arguments]);

    // In another zone, which is not what counts.
    private string When() => $"{Epoch + (1000 * ++_steps)} -19800";
}
