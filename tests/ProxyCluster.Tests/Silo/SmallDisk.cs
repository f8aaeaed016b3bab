using System.Diagnostics;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Silo;

/// <summary>A file system of a few MiB in memory, which fills up like any other. Needs the right to mount.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly ScratchDirectory _mountPoint = new();

    public SmallDisk(int mebibytes) => Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "proxycluster-test", Path);

    public string Path => _mountPoint.Path;

    public long Free => new DriveInfo(Path).AvailableFreeSpace;

    private string Filler => _mountPoint["filler"];

    /// <summary>Fills the disk with somebody else's file, but for so many bytes.</summary>
    public void FillBut(long bytes) => File.WriteAllBytes(Filler, new byte[Free - bytes]);

    /// <summary>Takes nothing more from now on, as a volume that is mounted so; or takes it again.</summary>
    public void Remount(bool readOnly) => Run("mount", "-o", readOnly ? "remount,ro" : "remount,rw", Path);

    /// <summary>Removes that file.</summary>
    public void Clean() => File.Delete(Filler);

    public void Dispose()
    {
        // Lazily: a handle that a test has left open must not keep the mount alive for the tests after it.
        Run("umount", "-l", Path);
        _mountPoint.Dispose();
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new ToolMissingException($"a small file system could not be mounted, which takes root: {error.Trim()}");
    }
}
