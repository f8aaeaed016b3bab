using System.Globalization;

namespace ProxyCluster.Benchmarks.Running;

/// <summary>What the kernel knows about processes (proc(5)).</summary>
internal static class ProcessTable
{
    // USER_HZ is 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>Processor seconds, user and system, of a process and its living children.</summary>
    public static double ProcessorSeconds(int process) =>
        WithChildren(process).Sum(id => Ticks(File.ReadAllText($"/proc/{id}/stat"), 11)) / TicksPerSecond;

    /// <summary>Processor seconds of the children of this process that have ended.</summary>
    public static double EndedChildrenSeconds() => Ticks(File.ReadAllText("/proc/self/stat"), 13) / TicksPerSecond;

    /// <summary>Sum in bytes of a line of <c>status</c> over a process and its children.</summary>
    public static long SumBytes(int process, string name) => WithChildren(process).Sum(id =>
        long.Parse(
            File.ReadLines($"/proc/{id}/status")
                .First(line => line.StartsWith(name + ":", StringComparison.Ordinal))
                .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) << 10);

    public static void ForgetPeak(int process)
    {
        foreach (var id in WithChildren(process))
            File.WriteAllText($"/proc/{id}/clear_refs", "5");
    }

    private static IEnumerable<int> WithChildren(int process) => Directory.GetDirectories($"/proc/{process}/task")
        .SelectMany(ChildrenOf)
        .SelectMany(child => WithChildren(int.Parse(child, CultureInfo.InvariantCulture)))
        .Prepend(process);

    // A thread may end between the listing and the reading; it has no children then.
    private static string[] ChildrenOf(string task)
    {
        try
        {
            return File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (IOException)
        {
            return [];
        }
    }

    // The name in parentheses may hold anything; the field after it is the third.
    private static long Ticks(string stat, int field)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[field], CultureInfo.InvariantCulture)
            + long.Parse(fields[field + 1], CultureInfo.InvariantCulture);
    }
}
