namespace ProxyCluster.Benchmarks.Running;

/// <summary>A directory for one scenario, gone afterwards.</summary>
internal sealed class Scratch : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("proxycluster-benchmarks-").FullName;

    /// <summary>A path in it.</summary>
    public string this[string name] => Path.Combine(_root, name);

    public void Dispose()
    {
        // The go command writes its module cache read-only, directories included.
        var all = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (var directory in Directory.EnumerateDirectories(_root, "*", all))
            File.SetUnixFileMode(directory, File.GetUnixFileMode(directory) | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        Directory.Delete(_root, recursive: true);
    }
}
