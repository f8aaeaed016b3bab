using System.Diagnostics;

namespace ProxyCluster.TestKit.Processes;

/// <summary>A pipe in a file's place. Nobody ever writes into it: whoever opens it for reading would wait for ever.</summary>
public static class Pipe
{
    /// <summary>Puts one there.</summary>
    public static async Task ReplaceAsync(string path)
    {
        File.Delete(path);
        using var made = Process.Start("mkfifo", [path]);
        await made.WaitForExitAsync();
    }

    /// <summary>What reading gives.</summary>
    /// <exception cref="TimeoutException">The reader waits in the pipe.</exception>
    public static async Task<T> ReadAsync<T>(string path, Func<T> read)
    {
        var reading = Task.Run(read);
        try
        {
            return await reading.WaitAsync(TimeSpan.FromSeconds(20));
        }
        catch (TimeoutException)
        {
            // Lets go of whoever waits in the open.
            await File.WriteAllTextAsync(path, "");
            throw;
        }
    }
}
