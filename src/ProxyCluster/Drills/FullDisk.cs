using System.Diagnostics;
using ProxyCluster.Drills.Topology;

namespace ProxyCluster.Drills;

/// <summary>
/// A disk without room, for real: a file system that holds one directory and nothing more is mounted over the place where
/// a silo writes everything first. Every write then meets the kernel's own "no space left on device", while what is
/// stored can be read as before.
/// </summary>
internal static class FullDisk
{
    /// <summary>Where a silo's bytes arrive.</summary>
    public static string IntakeOf(ClusterProcess silo) => Path.Combine(silo.Plan.Directory, "data", "tmp");

    /// <summary>Takes the room away.</summary>
    /// <exception cref="DrillException">Mounting is not allowed here.</exception>
    public static async Task MakeAsync(string directory, CancellationToken cancel)
    {
        if (await RunAsync(["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=1", "proxycluster-drill", directory], cancel) is { } why)
            throw new DrillException($"store-full mounts a full file system, which takes root on Linux: {why}");
    }

    /// <summary>Gives it back; nothing happens where it was not taken.</summary>
    public static async Task TakeAwayAsync(string directory, CancellationToken cancel)
    {
        if (File.ReadLines("/proc/self/mounts").Any(line => line.Split(' ') is [_, var mounted, ..] && mounted == directory))
            await RunAsync(["umount", "--lazy", directory], cancel);
    }

    private static async Task<string?> RunAsync(string[] command, CancellationToken cancel)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        var said = await process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return process.ExitCode == 0 ? null : said.Trim();
    }
}

/// <summary>A drill could not be held; the message is one for people.</summary>
internal sealed class DrillException(string message, Exception? inner = null) : Exception(message, inner);
