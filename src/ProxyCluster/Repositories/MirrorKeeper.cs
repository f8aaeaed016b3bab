using ProxyCluster.Joining;
using ProxyCluster.Storage;

namespace ProxyCluster.Repositories;

/// <summary>
/// Keeps the mirrors of repositories within their bound (<see cref="MirrorSpace"/>): the longest unused go, whole. A mirror that has
/// collected many packs is packed anew, by git, first. Before and during fetches room is made by whoever fetches.
/// </summary>
internal sealed class MirrorKeeper(
    DataTree tree, GitMirrors git, MirrorSpace space, TimeProvider clock, ILogger<MirrorKeeper> logger) : HostedLoop(clock, logger)
{
    /// <summary>The file whose time says when a mirror was last used, and whose text for which address.</summary>
    public const string UsedName = "proxycluster-url";

    /// <summary>In the name of one that is being removed.</summary>
    public const string Going = ".gone-";

    private const int ManyPacks = 24;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(2);
    private static readonly EnumerationOptions AllFiles = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };

    protected override IEnumerable<Turn> Strands => [TurnAsync];

    /// <summary>What a mirror takes, in bytes.</summary>
    public static long SizeOf(string mirror) =>
        UnlessGone(mirror, static path => new DirectoryInfo(path).EnumerateFiles("*", AllFiles).Sum(LengthOf));

    /// <summary>Notes that a mirror is used.</summary>
    public static void Touch(string mirror, TimeProvider clock)
    {
        try
        {
            File.SetLastWriteTimeUtc(Path.Combine(mirror, UsedName), clock.GetUtcNow().UtcDateTime);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has gone, or the disk is read only: whoever reads it finds that out, and this was for its sake.
        }
    }

    /// <summary>Removes a mirror: under another name first, so that nobody finds half of it.</summary>
    public static void Remove(string mirror)
    {
        var gone = $"{mirror}{Going}{Guid.NewGuid():N}";
        Directory.Move(mirror, gone);
        Delete(gone);
    }

    /// <summary>One look at all mirrors.</summary>
    internal async Task LookAsync(CancellationToken stop)
    {
        if (!Directory.Exists(tree.Repositories) || tree.IsReadOnly)
            return;

        // 1. What an earlier process was removing.
        foreach (var half in Directory.EnumerateDirectories(tree.Repositories, $"*{Going}*"))
            Delete(half);

        // 2. What nobody used for longest, beyond the bound. How much that is shows when all have been looked at.
        var mirrors = space.LongestUnused();
        foreach (var mirror in mirrors)
            space.Measure(mirror);
        foreach (var mirror in mirrors.Where(IsIdle))
        {
            if (space.IsShort)
            {
                // What is being fetched looks idle to us, and whoever fetches it has yet to read it.
                space.RemoveUnlessWritten(mirror);
            }
            else if (HasManyPacks(mirror))
            {
                await git.PackAsync(mirror, stop);
            }
        }
    }

    // Two may remove the same: whoever makes room, and the keeper, which takes it for what an earlier process has left.
    private static void Delete(string gone)
    {
        try
        {
            Directory.Delete(gone, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // What both of them leave goes with the next look.
        }
    }

    private static bool HasManyPacks(string mirror) =>
        UnlessGone(Path.Combine(mirror, "objects", "pack"), static path => Directory.EnumerateFiles(path, "*.pack").Take(ManyPacks).Count()) == ManyPacks;

    // Others remove mirrors too: one that is damaged or too large goes while it is looked at.
    private static T? UnlessGone<T>(string directory, Func<string, T> look)
    {
        try
        {
            return look(directory);
        }
        catch (DirectoryNotFoundException)
        {
            return default;
        }
    }

    private bool IsIdle(string mirror) =>
        Clock.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(Path.Combine(mirror, UsedName)) > Idle;

    // What git writes comes and goes.
    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        await LookAsync(stop);
        await Task.Delay(Pause, Clock, stop);
        return true;
    }
}
