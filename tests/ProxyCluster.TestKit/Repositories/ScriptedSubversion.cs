using System.Globalization;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.TestKit.Repositories;

/// <summary>A Subversion repository with trunk, tags and branches, made step by step; revision 1 is these three.</summary>
public sealed class ScriptedSubversion
{
    private static readonly DateTimeOffset Epoch = new(2020, 9, 13, 12, 26, 40, TimeSpan.Zero);

    private readonly string _url;
    private readonly string _copy;
    private int _revision;

    /// <summary>One with nothing in it; <paramref name="copy"/> is for a working copy.</summary>
    public ScriptedSubversion(string directory, string copy)
    {
        (_url, _copy) = ("file://" + directory, copy);
        Directory.CreateDirectory(Path.GetDirectoryName(directory)!);
        RepositoryCommand.Run("svnadmin", ["create", directory]);

        // Times are set afterwards, which a hook has to allow.
        ShellScript.Write(Path.Combine(directory, "hooks", "pre-revprop-change"), "");
        Svn("checkout", "-q", _url, copy);
        Send(["trunk", "tags", "branches"]);
    }

    /// <summary>A commit of files, by their paths from the root; one without content is removed, and <c>-> target</c> is a link.</summary>
    public ScriptedSubversion Commit(params (string Path, string? Content)[] files)
    {
        foreach (var (path, content) in files)
        {
            var file = Path.Combine(_copy, path);
            if (content is null)
            {
                Svn("rm", "-q", file);
                continue;
            }

            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            if (content.StartsWith("-> ", StringComparison.Ordinal))
                File.CreateSymbolicLink(file, content[3..]);
            else
                File.WriteAllText(file, content);
        }

        return Send([]);
    }

    /// <summary>Sets a property for the next commit.</summary>
    public ScriptedSubversion Property(string path, string name, string value)
    {
        Svn("add", "-q", "--force", Path.Combine(_copy, path.Split('/')[0]));
        Svn("propset", "-q", name, value, Path.Combine(_copy, path));
        return this;
    }

    /// <summary>Copies a directory, as tags and branches are made.</summary>
    public ScriptedSubversion Copy(string from, string to)
    {
        Svn("copy", "-q", Path.Combine(_copy, from), Path.Combine(_copy, to));
        return Send([]);
    }

    /// <summary>A revision's time and number, as they stand in a pseudo-version.</summary>
    public static string Stamp(int revision) => $"{TimeOf(revision).ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}-{revision:D12}";

    private static DateTime TimeOf(int revision) => Epoch.AddHours(revision).AddTicks(1_234_560 * (revision % 3)).UtcDateTime;

    private ScriptedSubversion Send(string[] directories)
    {
        foreach (var directory in directories)
            Directory.CreateDirectory(Path.Combine(_copy, directory));
        foreach (var top in Directory.EnumerateDirectories(_copy).Where(static path => Path.GetFileName(path) != ".svn"))
            Svn("add", "-q", "--force", top);
        Svn("commit", "-q", "-m", "commit", _copy);
        Svn("propset", "-q", "svn:date", "--revprop", "-r", $"{++_revision}", TimeOf(_revision).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture), _url);
        Svn("update", "-q", "--ignore-externals", _copy);
        return this;
    }

    private void Svn(params string[] arguments) => RepositoryCommand.Run("svn", ["--non-interactive", "--config-dir", _copy + ".config", .. arguments]);
}
