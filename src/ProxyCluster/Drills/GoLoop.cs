using System.Collections.Immutable;
using System.Diagnostics;
using ProxyCluster.Demo;
using ProxyCluster.Drills.Reports;

namespace ProxyCluster.Drills;

/// <summary>
/// The unmodified <c>go</c> command beside the load: <c>go mod download</c> of a few modules, each time from an empty
/// cache, every byte verified by <c>go</c> itself against the checksum database that the cluster mirrors.
/// </summary>
/// <param name="go">The program.</param>
/// <param name="doors">GOPROXY lists to take in turn.</param>
/// <param name="modules">What to download.</param>
/// <param name="sumDbKey">GOSUMDB.</param>
/// <param name="directory">For caches; deleted after each run.</param>
internal sealed class GoLoop(string go, IReadOnlyList<string> doors, IReadOnlyList<PackedModule> modules, string sumDbKey, string directory)
{
    private const int ModulesPerRun = 5;

    /// <summary>Runs one after the other until <paramref name="stop"/>; a run that has begun is finished.</summary>
    public async Task<GoRuns> RunAsync(CancellationToken stop)
    {
        var failures = ImmutableArray.CreateBuilder<string>();
        var (count, repeated) = (0, 0);
        for (; !stop.IsCancellationRequested; count++)
        {
            // One version of each path: a go.mod file can name no more.
            var some = Enumerable.Range(0, ModulesPerRun).Select(i => modules[((count * ModulesPerRun) + i) % modules.Count])
                .DistinctBy(static packed => packed.Module.Path);
            var run = await RunOnceAsync(count, [.. some]);
            repeated += run.Repeated ? 1 : 0;
            if (run.Why is { } why)
                failures.Add(why);
        }

        return new GoRuns(count, repeated, failures.ToImmutable());
    }

    private async Task<(bool Repeated, string? Why)> RunOnceAsync(int number, IReadOnlyList<PackedModule> some)
    {
        var home = Path.Combine(directory, $"go-{number}");
        var list = doors[number % doors.Count];
        Directory.CreateDirectory(home);
        try
        {
            // Nothing is required, so that go does not want what they depend on: a drill's upstream need not have it.
            await File.WriteAllTextAsync(Path.Combine(home, "go.mod"), "module drill.invalid/farm\n\ngo 1.16\n");
            var why = await DownloadAsync(home, list, some);
            return IsStuckToMirror(list, why) ? (true, await DownloadAsync(home, list, some)) : (false, why);
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    /// <summary>
    /// Modules that one entry of GOPROXY cannot give come from the next, but for the checksum database a <c>go</c> command
    /// keeps to the first entry that mirrors it until it ends, whatever becomes of it (cmd/go, modfetch/sumdb.go, initBase).
    /// Only another run helps then, and goes on where the first one stopped.
    /// </summary>
    internal static bool IsStuckToMirror(string list, string? why) =>
        why is not null && list.Contains('|', StringComparison.Ordinal) && why.Contains("/sumdb/", StringComparison.Ordinal);

    // What go complained of; null where it was content.
    private async Task<string?> DownloadAsync(string home, string list, IReadOnlyList<PackedModule> some)
    {
        using var process = Process.Start(StartOf(home, list, some))!;
        process.StandardInput.Close();
        var said = process.StandardOutput.ReadToEndAsync();
        var complained = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        await said;
        return process.ExitCode == 0 ? null : (await complained).Trim().ReplaceLineEndings(" | ");
    }

    private ProcessStartInfo StartOf(string home, string list, IReadOnlyList<PackedModule> some)
    {
        var start = new ProcessStartInfo(go, ["mod", "download", .. some.Select(static packed => packed.Module.ToString())])
        {
            WorkingDirectory = home,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(static name => name.StartsWith("GO", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["HOME"] = home;
        start.Environment["GOPATH"] = Path.Combine(home, "go");
        start.Environment["GOFLAGS"] = "-mod=mod -modcacherw";
        start.Environment["GOENV"] = "off";
        start.Environment["GOTOOLCHAIN"] = "local";
        start.Environment["GOPROXY"] = list;
        start.Environment["GOSUMDB"] = sumDbKey;
        return start;
    }
}
