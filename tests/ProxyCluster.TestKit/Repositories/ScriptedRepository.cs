using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace ProxyCluster.TestKit.Repositories;

/// <summary>
/// A git repository made from a script: one fast-import, so that each costs two processes and every hash is the same every time.
/// </summary>
public sealed class ScriptedRepository(string path, bool sha256 = false)
{
    private const long Epoch = 1_600_000_000;

    private readonly List<byte> _script = [];
    private readonly Dictionary<string, string> _hashes = new(StringComparer.Ordinal);
    private readonly Dictionary<int, long> _times = [];
    private readonly HashSet<string> _branches = new(StringComparer.Ordinal);
    private int _marks;

    /// <summary>Host and path, as in an address.</summary>
    public string Path => path;

    /// <summary>The last commit's number, from 1.</summary>
    public int Last => _marks;

    /// <summary>A commit on a branch; a file without content is removed.</summary>
    public ScriptedRepository Commit(string branch, params (string Path, string? Content)[] files) =>
        Commit(branch, null, [.. files.Select(static file => (file.Path, "100644", file.Content is null ? null : Encoding.UTF8.GetBytes(file.Content)))]);

    /// <summary>The same on main.</summary>
    public ScriptedRepository Commit(params (string Path, string? Content)[] files) => Commit("main", files);

    /// <summary>A commit with modes, and a commit to begin a branch at or to merge.</summary>
    public ScriptedRepository Commit(string branch, int? from, IReadOnlyList<(string Path, string Mode, byte[]? Content)> files, int? merge = null, long? at = null)
    {
        var time = at ?? Epoch + (1000 * ++_marks);
        if (at is not null)
            _marks++;
        _times[_marks] = time;
        Line($"commit refs/heads/{branch}");
        Line($"mark :{_marks}");
        // Another day in another zone: neither is what counts.
        Line($"author A <a@example.com> {time - 86400} -0500");
        Line($"committer C <c@example.com> {time} +0530");
        Data(Encoding.UTF8.GetBytes($"commit {_marks}\n"));
        if (from is not null)
            Line($"from :{from}");
        if (merge is not null)
            Line($"merge :{merge}");
        foreach (var (file, mode, content) in files)
        {
            if (content is null)
            {
                Line($"D {file}");
            }
            else if (mode == "160000")
            {
                Line($"M {mode} {Encoding.ASCII.GetString(content)} {file}");
            }
            else
            {
                Line($"M {mode} inline {file}");
                Data(content);
            }
        }

        Line("");
        _branches.Add(branch);
        return this;
    }

    /// <summary>A lightweight tag on the last commit, or on the given one.</summary>
    public ScriptedRepository Tag(string name, int? on = null)
    {
        Line($"reset refs/tags/{name}");
        Line($"from :{on ?? _marks}");
        Line("");
        return this;
    }

    /// <summary>An annotated tag, whose time is not the commit's.</summary>
    public ScriptedRepository Annotated(string name, string message = "tag\n", int? on = null)
    {
        Line($"tag {name}");
        Line($"from :{on ?? _marks}");
        Line($"tagger T <t@example.com> {Epoch + 99_000_000} +0000");
        Data(Encoding.UTF8.GetBytes(message));
        return this;
    }

    /// <summary>A branch at a commit.</summary>
    public ScriptedRepository Branch(string name, int? on = null)
    {
        Line($"reset refs/heads/{name}");
        Line($"from :{on ?? _marks}");
        Line("");
        return this;
    }

    /// <summary>A name that is neither branch nor tag, such as a change under review.</summary>
    public ScriptedRepository Ref(string name, int on)
    {
        Line($"reset {name}");
        Line($"from :{on}");
        Line("");
        return this;
    }

    /// <summary>The hash of a commit by its number.</summary>
    public string Hash(int number) => _hashes[$":{number}"];

    /// <summary>The commit's time and short hash, as they stand in a pseudo-version.</summary>
    public string Stamp(int number) =>
        $"{DateTimeOffset.FromUnixTimeSeconds(_times[number]).UtcDateTime.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}-{Hash(number)[..12]}";

    /// <summary>Makes it below a directory.</summary>
    public string Make(string root)
    {
        var directory = System.IO.Path.Combine(root, path);
        Git(null, "init", "-q", "--bare", "--template=", "-b", "main", $"--object-format={(sha256 ? "sha256" : "sha1")}", directory);
        File.AppendAllText(System.IO.Path.Combine(directory, "config"), "[uploadpack]\n\tallowFilter = true\n");
        if (_marks == 0)
            return directory;
        var marks = System.IO.Path.Combine(directory, "marks");
        Git(_script.ToArray(), "-C", directory, "fast-import", "--quiet", $"--export-marks={marks}");
        foreach (var line in File.ReadLines(marks))
            _hashes[line.Split(' ')[0]] = line.Split(' ')[1];
        return directory;
    }

    /// <summary>Runs git with no configuration but its own.</summary>
    public static string Git(byte[]? input, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("git", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        using var git = Process.Start(start)!;
        if (input is not null)
            git.StandardInput.BaseStream.Write(input);
        git.StandardInput.Close();
        var output = git.StandardOutput.ReadToEnd();
        var errors = git.StandardError.ReadToEnd();
        git.WaitForExit();
        return git.ExitCode == 0 ? output : throw new InvalidOperationException($"git {string.Join(' ', arguments)}: {errors}");
    }

    private void Line(string text) => _script.AddRange(Encoding.UTF8.GetBytes(text + "\n"));

    private void Data(byte[] content)
    {
        Line($"data {content.Length}");
        _script.AddRange(content);
        Line("");
    }
}
