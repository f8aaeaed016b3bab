using System.Diagnostics;

namespace ProxyCluster.TestKit.Repositories;

/// <summary>Programs that make and serve repositories.</summary>
internal static class RepositoryCommand
{
    /// <summary>Runs one with no configuration but its own, and gives what it prints.</summary>
    public static string Run(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("HGRCPATH", ""), ("HGPLAIN", "1"), ("HGUSER", "C <c@example.com>"), ("LC_ALL", "C.UTF-8")])
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', start.ArgumentList)}: {errors.Result}");
    }
}
