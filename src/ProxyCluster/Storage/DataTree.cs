using ProxyCluster.Files;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Storage;

/// <summary>
/// The data directory, and the only place that builds paths in it:
/// <code>
/// format                                    what this directory is and its version
/// lock                                      held by the process that uses it
/// modules/github.com/gorilla/mux/@v/        one module; names are escaped as in a URL, so case never matters
///     v1.8.0.info  v1.8.0.mod  v1.8.0.zip   artifacts, meaningless until
///     v1.8.0.record                         the record names them
/// queries/github.com/gorilla/mux/           last answers to mutable questions
/// sumdb/sum.golang.org/                     verified tiles, lookups and the latest signed tree
/// logins/                                   encrypted tokens of 'proxycluster login' and their keys
/// audit/                                    who got what, and what was refused or failed its proof
/// agreed/rulings                            what the cluster agreed on last, for a start without it
/// advisories.zip                            the newest advisories, for a start without their database
/// owed/regions/                             copies that other regions are to get, a note each
/// owed/shared/                              the same for the region's shared store
/// vcs/                                      mirrors of repositories, one directory each
/// quarantine/                               bytes that stopped matching their record, and records that cannot be read
/// tmp/                                      being written; emptied at start
/// </code>
/// <c>modules</c> has the layout of a GOPROXY tree, so <c>file://…/modules</c> works as somebody's upstream.
/// </summary>
internal sealed class DataTree
{
    /// <summary>
    /// Longest escaped path element or version that fits a file name of 255 bytes together with the longest ending.
    /// </summary>
    public const int MaxNameLength = 240;

    /// <summary>The ending of record files.</summary>
    public const string RecordEnding = ".record";

    /// <summary>The directory of a module's versions, inside the module's.</summary>
    public const string VersionsName = "@v";

    private const string FormatLine = "proxycluster store 1\n";

    public DataTree(string root)
    {
        Root = Path.GetFullPath(root);
        Modules = Path.Combine(Root, "modules");
        Queries = Path.Combine(Root, "queries");
        ChecksumDatabases = Path.Combine(Root, "sumdb");
        Repositories = Path.Combine(Root, "vcs");
        Temporary = Path.Combine(Root, "tmp");
        Quarantine = Path.Combine(Root, "quarantine");
        Agreed = Path.Combine(Root, "agreed");
        Audit = Path.Combine(Root, "audit");
        OwedToRegions = Path.Combine(Root, "owed", "regions");
        OwedToSharedStore = Path.Combine(Root, "owed", "shared");
        Logins = Path.Combine(Root, "logins");
        Advisories = Path.Combine(Root, "advisories.zip");
        LockFile = Path.Combine(Root, "lock");
    }

    public string Root { get; }
    public string Modules { get; }
    public string Queries { get; }
    public string ChecksumDatabases { get; }
    public string Repositories { get; }
    public string Temporary { get; }
    public string Quarantine { get; }
    public string Agreed { get; }
    public string Audit { get; }
    public string OwedToRegions { get; }
    public string OwedToSharedStore { get; }
    public string Logins { get; }
    public string Advisories { get; }
    public string LockFile { get; }

    /// <summary>Whether it was found at the start on a file system that is mounted read-only: on purpose, then.</summary>
    public bool IsReadOnly { get; set; }

    /// <summary>Creates what is missing and checks that the directory is ours.</summary>
    /// <exception cref="StoreException">It holds a store of another version.</exception>
    public void Prepare()
    {
        foreach (var directory in (ReadOnlySpan<string>)[Root, Modules, Queries, Temporary, Quarantine, Agreed, OwedToRegions, OwedToSharedStore])
            Directory.CreateDirectory(directory);

        if (!File.Exists(FormatFile))
        {
            var temporary = NewTemporary("format");
            File.WriteAllText(temporary, FormatLine);
            File.Move(temporary, FormatFile, overwrite: true);
        }

        CheckFormat();
    }

    /// <summary>Checks that the directory is ours.</summary>
    /// <exception cref="StoreException">It holds a store of another version.</exception>
    public void CheckFormat()
    {
        if (RegularFile.ReadAllText(FormatFile) is var found && found != FormatLine)
        {
            throw new StoreException(
                $"the data directory {Root} holds '{LogText.Clean(found.Trim(), LogText.MaxValue)}' in its file format; this program reads '{FormatLine.Trim()}'");
        }
    }

    /// <summary>Deletes what an earlier process left half written.</summary>
    public void EmptyTemporary()
    {
        foreach (var file in Directory.EnumerateFiles(Temporary))
            File.Delete(file);
        foreach (var directory in Directory.EnumerateDirectories(Temporary))
            Directory.Delete(directory, recursive: true);
    }

    /// <summary>False where a name would not fit a file system; such a module version is never stored.</summary>
    public static bool Fits(ModuleVersion module) => module.EscapedVersion.Length <= MaxNameLength && Fits(module.Path);

    /// <summary>The same for a module.</summary>
    public static bool Fits(ModulePath module)
    {
        if (module.Escaped.Length > 2048)
            return false;

        foreach (var element in module.Escaped.AsSpan().Split('/'))
        {
            if (element.End.Value - element.Start.Value > MaxNameLength)
                return false;
        }

        return true;
    }

    public string NewTemporary(string what) => Path.Combine(Temporary, $"{what}-{Guid.NewGuid():N}");

    /// <summary>A new file for what is written and read once: it is gone when it is closed.</summary>
    public FileStream OpenTemporary(string what) =>
        new(NewTemporary(what), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 64 << 10, FileOptions.DeleteOnClose | FileOptions.Asynchronous);

    /// <summary>A name that sorts by time and says what the file was; the name's end, where it would not fit otherwise.</summary>
    public string NewQuarantine(ModuleVersion module, string ending, DateTimeOffset time)
    {
        var was = $"{Path.GetFileName(module.Path.Escaped)}@{module.EscapedVersion}{ending}";
        return Path.Combine(
            Quarantine, $"{time:yyyyMMddTHHmmssfff}-{Guid.NewGuid():N}-{was[Math.Max(0, was.Length - MaxNameLength + 60)..]}");
    }

    public string RecordPath(ModuleVersion module) => VersionDirectory(module.Path) + module.EscapedVersion + RecordEnding;

    /// <summary>The record file of a module version that is named by its path in a URL without the ending.</summary>
    public string RecordPathOf(string stem) => $"{Modules}/{Native(stem)}{RecordEnding}";

    public string ArtifactPath(ModuleVersion module, ArtifactKind kind) =>
        VersionDirectory(module.Path) + module.EscapedVersion + Ending(kind);

    /// <summary>The directory of a module's answers to queries; <paramref name="name"/> is <c>list</c>, <c>latest</c> or a revision.</summary>
    public string QueryPath(ModulePath module, string name) => Path.Combine(Queries, Native(module.Escaped), "@q", name);

    /// <summary>The versions of a module that have a record, in the file system's order.</summary>
    public IEnumerable<ModuleVersion> VersionsOf(ModulePath module)
    {
        var directory = VersionDirectory(module);
        if (!Directory.Exists(directory))
            yield break;

        foreach (var file in Directory.EnumerateFiles(directory, "*" + RecordEnding))
        {
            if (ModuleVersion.TryUnescape(module, Path.GetFileName(file.AsSpan())[..^RecordEnding.Length], out var version, out _))
                yield return version;
        }
    }

    /// <summary>Every module version of which the zip is there, in the file system's order; nothing is opened.</summary>
    public IEnumerable<ModuleVersion> StoredZips() =>
        Directory.EnumerateDirectories(Modules, VersionsName, SearchOption.AllDirectories)
            .Select(directory => Path.GetRelativePath(Modules, Path.GetDirectoryName(directory)!).Replace(Path.DirectorySeparatorChar, '/'))
            .SelectMany(escaped => ModulePath.TryUnescape(escaped, out var module, out _) ? VersionsOf(module) : [])
            .Where(version => File.Exists(ArtifactPath(version, ArtifactKind.Zip)));

    /// <summary>Every record file, in the file system's order.</summary>
    public IEnumerable<string> RecordFiles() =>
        Directory.EnumerateFiles(Modules, "*" + RecordEnding, SearchOption.AllDirectories);

    /// <summary>The ending of an artifact's file and URL.</summary>
    public static string Ending(ArtifactKind kind) => kind switch
    {
        ArtifactKind.Info => ".info",
        ArtifactKind.Mod => ".mod",
        _ => ".zip",
    };

    private string FormatFile => Path.Combine(Root, "format");

    private string VersionDirectory(ModulePath module) => $"{Modules}/{Native(module.Escaped)}/{VersionsName}/";

    private static string Native(string escaped) =>
        Path.DirectorySeparatorChar == '/' ? escaped : escaped.Replace('/', Path.DirectorySeparatorChar);
}
