using System.Diagnostics;
using System.Globalization;

namespace ProxyCluster.Tests.Cli;

/// <summary>The real executable, in a directory of its own; killed and removed at the end.</summary>
internal sealed class ServeProcess : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("proxycluster-serve-");
    private readonly Process _process;

    private ServeProcess(string[] args)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = _directory.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "proxycluster.dll"));
        start.ArgumentList.Add("serve");
        foreach (var arg in args)
            start.ArgumentList.Add(arg);
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("GO", StringComparison.Ordinal) || name.StartsWith("PROXYCLUSTER_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        _process = Process.Start(start)!;
    }

    public static ServeProcess Start(params string[] args) => new(args);

    public Task<string?> ReadLineAsync(TimeSpan patience) => _process.StandardOutput.ReadLineAsync().WaitAsync(patience);

    public Task<string?> ReadErrorLineAsync(TimeSpan patience) => _process.StandardError.ReadLineAsync().WaitAsync(patience);

    public Task<string> RestAsync() => _process.StandardOutput.ReadToEndAsync();

    public Task<string> ErrorAsync() => _process.StandardError.ReadToEndAsync();

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    public async Task<int> ExitAsync(TimeSpan patience)
    {
        await _process.WaitForExitAsync().WaitAsync(patience);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _directory.Delete(recursive: true);
    }
}
