using System.Diagnostics;

namespace ProxyCluster.EndToEnd.Fairness;

/// <summary>
/// A named pipe where the proxy expects a file: whoever opens it there blocks, thread and all, until it is fed. What an
/// unresponsive disk does, but on command.
/// </summary>
internal sealed class NamedPipe(string path) : IAsyncDisposable
{
    public static async Task<NamedPipe> CreateAsync(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var make = Process.Start("mkfifo", [path]);
        await make.WaitForExitAsync();
        Assert.Equal(0, make.ExitCode);
        return new NamedPipe(path);
    }

    /// <summary>
    /// Completes once a reader has opened it; the reader then waits for data until the result is disposed, and finds none.
    /// </summary>
    public Task<IDisposable> ReaderAsync() => Task.Factory.StartNew<IDisposable>(
        () => new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete),
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    /// <summary>Lets go of all that wait, on either side.</summary>
    public async ValueTask DisposeAsync()
    {
        // Opening it for both neither waits nor fails; everybody who waits for another side has one now.
        if (File.Exists(path))
            await using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
                File.Delete(path);
    }
}
